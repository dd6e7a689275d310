from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from meterd.telemetry import Telemetry


def samples(telemetry: Telemetry) -> list[Sample]:
    families = text_string_to_metric_families(telemetry.render().decode())
    return [sample for family in families for sample in family.samples]


def value(telemetry: Telemetry, name: str, **labels: str) -> float:
    (found,) = [each.value for each in samples(telemetry) if each.name == name and each.labels == labels]
    return found


def test_every_name_is_ours_and_none_tells_when_it_was_created() -> None:
    telemetry = Telemetry()
    telemetry.requests.observe("GET", "/healthz", 200, 0.1)
    telemetry.facts.labels("meter_events").inc()

    names = {sample.name for sample in samples(telemetry)}
    assert names
    assert set() == {name for name in names if not name.startswith("meterd_") or name.endswith("_created")}


def test_every_metric_is_described() -> None:
    families = list(text_string_to_metric_families(Telemetry().render().decode()))

    assert [family.name for family in families if not family.documentation] == []


def test_requests_are_counted_by_method_route_and_status() -> None:
    telemetry = Telemetry()

    for method, status in (("GET", 200), ("GET", 200), ("GET", 404), ("POST", 200)):
        telemetry.requests.observe(method, "/a", status, 0.1)
    telemetry.requests.observe("GET", "/b", 200, 0.1)

    name = "meterd_http_requests_total"
    assert value(telemetry, name, method="GET", route="/a", status="200") == 2
    assert value(telemetry, name, method="GET", route="/a", status="404") == 1
    assert value(telemetry, name, method="POST", route="/a", status="200") == 1
    assert value(telemetry, name, method="GET", route="/b", status="200") == 1


def test_the_times_of_a_route_are_a_histogram_of_all_its_requests() -> None:
    telemetry = Telemetry()

    for status, seconds in ((200, 0.0001), (200, 0.001), (404, 0.002), (500, 99.0)):
        telemetry.requests.observe("GET", "/a", status, seconds)

    name = "meterd_http_request_seconds"
    assert value(telemetry, f"{name}_count", route="/a") == 4
    assert round(value(telemetry, f"{name}_sum", route="/a"), 6) == 99.0031
    buckets = {each.labels["le"]: each.value for each in samples(telemetry) if each.name == f"{name}_bucket"}
    assert buckets["0.0005"] == 1
    assert buckets["0.001"] == 2  # a bound belongs to its bucket
    assert buckets["0.0025"] == 3
    assert buckets["30.0"] == 3
    assert buckets["+Inf"] == 4


def test_labels_are_escaped() -> None:
    telemetry = Telemetry()

    telemetry.requests.observe("GET", '/"quoted"\n\\path', 200, 0.1)

    assert value(telemetry, "meterd_http_requests_total", method="GET", route='/"quoted"\n\\path', status="200") == 1


def test_a_gauge_is_read_when_it_is_scraped() -> None:
    telemetry = Telemetry()
    levels = iter([3.0, 7.0])

    telemetry.gauge("meterd_level", "how full it is", lambda: next(levels))

    assert value(telemetry, "meterd_level") == 3.0
    assert value(telemetry, "meterd_level") == 7.0


def test_two_services_in_one_process_count_apart() -> None:
    one, other = Telemetry(), Telemetry()

    one.checkpoints.inc()

    assert value(one, "meterd_store_checkpoints_total") == 1
    assert value(other, "meterd_store_checkpoints_total") == 0
