import pytest

from meterd.telemetry import Telemetry
from meterd.web.figures import families, quantile

INFINITE = float("inf")


def test_metrics_have_their_figures_by_labels() -> None:
    telemetry = Telemetry()
    telemetry.facts.labels("a").inc(3)
    telemetry.gauge("meterd_open", "Connections", lambda: 7)
    for value in (0.75, 1.5, 1.5, 1.5):
        telemetry.commit_seconds.observe(value)

    found = families(telemetry.registry.collect())

    assert [({"dataset": "a"}, 3.0)] == [(each.labels, each.value) for each in found["meterd_ingest_facts"].figures]
    connections = found["meterd_open"]
    assert ("gauge", "Connections", 7.0) == (connections.type, connections.help, connections.figures[0].value)
    (times,) = found["meterd_journal_commit_seconds"].figures
    assert (4.0, 5.25, {}) == (times.value, times.sum, times.labels)
    assert times.quantiles is not None
    assert pytest.approx(1.5) == times.quantiles["0.5"]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 0.0), (0.25, 0.5), (0.5, 1.0), (0.75, 2.0), (0.9, 2.0), (1.0, 2.0)]
)
def test_a_quantile_is_between_the_bounds_of_its_bucket(share: float, expected: float) -> None:
    assert pytest.approx(expected) == quantile([(1.0, 2.0), (2.0, 3.0), (INFINITE, 4.0)], share)


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile([(1.0, 0.0), (INFINITE, 0.0)], 0.5) is None
