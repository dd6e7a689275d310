"""Percentiles from buckets; whole queries are held against a reference in `test_oracle`."""

import pytest

from meterd.query.histograms import percentile

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("buckets", "fraction", "expected"),
    [
        ([(1.0, 10.0)], 0.5, 0.5),
        ([(1.0, 5.0), (3.0, 5.0)], 0.75, 2.0),
        ([(1.0, 5.0), (3.0, 5.0)], 0.5, 1.0),
        ([(1.0, 0.0), (3.0, 5.0)], 0.0, 1.0),
        ([(1.0, 5.0), (3.0, 0.0)], 1.0, 1.0),
        ([(1.0, 1.0), (INFINITE, 9.0)], 0.99, 1.0),
        ([(INFINITE, 9.0)], 0.5, 0.0),
        ([(-2.0, 4.0), (-1.0, 4.0)], 0.25, -2.0),
        ([(-2.0, 4.0), (-1.0, 4.0)], 0.75, -1.5),
        ([(1.0, 0.0)], 0.5, None),
        ([], 0.5, None),
    ],
)
def test_a_percentile_lies_evenly_in_its_bucket(
    buckets: list[tuple[float, float]], fraction: float, expected: float | None
) -> None:
    assert expected == percentile(buckets, fraction)
