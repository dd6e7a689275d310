from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from meterd.prefork.merging import as_metrics, families_of, left_behind, merged
from meterd.telemetry import Telemetry, _Collected


def values(*telemetries: Telemetry, left: tuple[Telemetry, ...] = ()) -> dict[tuple[str, ...], float]:
    """The values that are shown of several processes, `left` of which have ended."""
    parts = [families_of(each) for each in telemetries] + [left_behind(families_of(each)) for each in left]
    page = generate_latest(_Collected(as_metrics(merged(parts)))).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_of_one_process_all_is_as_it_says_itself() -> None:
    telemetry = Telemetry()
    telemetry.facts.labels("a").inc(3)
    telemetry.requests.observe("GET", "/a", 200, 0.1)
    telemetry.commit_seconds.observe(0.002)

    page = generate_latest(_Collected(as_metrics(merged([families_of(telemetry)]))))

    assert telemetry.render() == page


def test_counters_and_histograms_are_added_up() -> None:
    one, two = Telemetry(), Telemetry()
    one.facts.labels("a").inc(3)
    two.facts.labels("a").inc(4)
    two.facts.labels("b").inc()
    for telemetry, seconds in ((one, 0.0001), (one, 0.2), (two, 0.2)):
        telemetry.commit_seconds.observe(seconds)
        telemetry.requests.observe("GET", "/a", 200, seconds)

    found = values(one, two)

    assert (7, 1) == (found["meterd_ingest_facts_total", "a"], found["meterd_ingest_facts_total", "b"])
    assert 3 == found["meterd_http_requests_total", "GET", "/a", "200"]
    for name, labels in (("meterd_journal_commit_seconds", ()), ("meterd_http_request_seconds", ("/a",))):
        assert (1, 3, 3) == tuple(found[f"{name}_bucket", bound, *labels] for bound in ("0.0005", "0.25", "+Inf"))
        assert 3 == found[f"{name}_count", *labels]
        assert 0.4001 == round(found[f"{name}_sum", *labels], 6)


def test_gauges_are_what_they_are_declared_to_be() -> None:
    one, two = Telemetry(), Telemetry()
    for telemetry, value in ((one, 1.0), (two, 0.0)):
        telemetry.worker_up.labels("journal").set(value)
        telemetry.gauge("meterd_bytes", "Added up", lambda value=value: 10 + value)  # type: ignore[misc]
        telemetry.gauge("meterd_free", "The least", lambda value=value: 10 + value, together="min")  # type: ignore[misc]
        telemetry.gauge("meterd_lag", "The most", lambda value=value: 10 + value, together="max")  # type: ignore[misc]
        telemetry.node.labels(f"n-{value:g}").set(1)

    found = values(one, two)

    assert 0 == found["meterd_worker_up", "journal"]
    assert (21, 10, 11) == (found["meterd_bytes",], found["meterd_free",], found["meterd_lag",])
    assert (1, 1) == (found["meterd_node_info", "n-1"], found["meterd_node_info", "n-0"])
    assert 2 == found["meterd_processes",]


def test_of_a_process_that_has_ended_counts_what_it_had_counted() -> None:
    ended, one = Telemetry(), Telemetry()
    for telemetry, count in ((ended, 5), (one, 1)):
        telemetry.facts.labels("a").inc(count)
        telemetry.commit_seconds.observe(0.1)
        telemetry.worker_up.labels("journal").set(count == 1)

    found = values(one, left=(ended,))

    assert 6 == found["meterd_ingest_facts_total", "a"]
    assert 2 == found["meterd_journal_commit_seconds_count",]
    assert (1, 1) == (found["meterd_processes",], found["meterd_worker_up", "journal"])
