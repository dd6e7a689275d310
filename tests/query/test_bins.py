"""Bins of histograms; whole queries are held against a reference in `test_oracle`."""

import math

import pytest

from meterd.query.bins import bins_of, counted
from meterd.query.model import HistogramBin


def edges(count: int, least: float, greatest: float) -> list[float | None]:
    bins = bins_of(count, least, least, greatest)
    assert [lower for lower, _ in bins[1:]] == [upper for _, upper in bins[:-1]]
    return [bins[0][0], *(upper for _, upper in bins)]


@pytest.mark.parametrize(
    ("count", "least", "greatest", "expected"),
    [
        (3, 1, 1000, [1, 10, 100, 1000]),
        (3, 1.5, 999, [1, 10, 100, 1000]),
        (2, 10, 10, [10, 10**1.5, 100]),
        (4, 99, 101, [10, 10**1.5, 100, 10**2.5, 1000]),
        (1, 0.002, 7, [0.001, 10]),
        (1, math.nextafter(1000, 0), 1000, [100, 1000]),
        (1, 1000, math.nextafter(1000, 2000), [1000, 10_000]),
    ],
)
def test_edges_reach_from_a_power_of_ten_to_another_with_equal_ratios(
    count: int, least: float, greatest: float, expected: list[float]
) -> None:
    assert edges(count, least, greatest) == pytest.approx(expected)


@pytest.mark.parametrize("value", [5e-324, 1e-301, 1e300, 1.7e308])
def test_edges_of_values_at_the_ends_of_what_numbers_can_be_are_finite_and_ascend(value: float) -> None:
    found = [edge for edge in edges(100, value, value) if edge is not None]
    assert all(map(math.isfinite, found))
    assert sorted(set(found)) == found


def test_zero_and_below_have_a_bin_of_their_own_without_a_lower_edge() -> None:
    assert bins_of(1, -3, 2, 5) == ((None, 0), (1, 10))
    assert bins_of(1, 0, None, 0) == ((None, 0),)
    assert bins_of(1, None, None, None) == ()


def test_what_came_meanwhile_beyond_the_last_edge_is_in_the_last_bin() -> None:
    bins = bins_of(2, 1, 1, 100)
    assert counted(bins, {10.0: 4, 100.0: 1, math.inf: 2}) == [HistogramBin(1, 10, 4), HistogramBin(10, 100, 3)]
    assert counted(bins, None) == [HistogramBin(1, 10, 0), HistogramBin(10, 100, 0)]
    assert counted((), None) == []
