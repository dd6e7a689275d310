"""Counters by increments, and histograms."""

from typing import Any

from tests.agent.process import Daemon, until


def points(daemon: Daemon, id_: str, name: str) -> list[dict[str, Any]]:
    return [point for point in daemon.document(id_)["metrics"] if point["name"] == name]


def last(daemon: Daemon, id_: str, name: str, value: float) -> dict[str, Any]:
    """The newest point of a metric, once it has a value."""
    until(lambda: any(point["value"] == value for point in points(daemon, id_, name)), f"{name} is {value}")
    return points(daemon, id_, name)[-1]


def test_a_counter_keeps_its_name_and_tags_whatever_is_in_them(daemon: Daemon) -> None:
    id_ = daemon.register()
    for delta in (1, 2, 4):
        daemon.post("/metric", id_, name="http:requests", value=0, type="counter", delta=delta, tags=["host:a", "x,y"])
    daemon.post("/metric", id_, name="http:requests", value=0, type="counter", delta=-1, tags=["x,y", "host:a"])
    point = last(daemon, id_, "http:requests", 6)
    assert ["host:a", "x,y"] == point["tags"]
    assert "counter" == point["type"]


def test_a_counter_of_other_tags_is_another(daemon: Daemon) -> None:
    id_ = daemon.register()
    daemon.post("/metric", id_, name="n", type="counter", delta=1, tags=["a"])
    daemon.post("/metric", id_, name="n", type="counter", delta=5, tags=["b"])
    last(daemon, id_, "n", 1)
    last(daemon, id_, "n", 5)


def test_nothing_is_sent_again_while_nothing_happens(daemon: Daemon) -> None:
    id_ = daemon.register()
    daemon.post("/metric", id_, name="idle", type="counter", delta=1, tags=[])
    daemon.post("/metric", id_, name="size", type="histogram", value=2, tags=[])
    last(daemon, id_, "idle", 1)
    last(daemon, id_, "size", 2)
    for total in range(2, 7):  # five flushes of another counter
        daemon.post("/metric", id_, name="busy", type="counter", delta=1, tags=[])
        last(daemon, id_, "busy", total - 1)
    assert 1 == len(points(daemon, id_, "idle"))
    assert 1 == len(points(daemon, id_, "size"))


def test_a_histogram_counts_per_bucket_with_inclusive_bounds(daemon: Daemon) -> None:
    id_ = daemon.register()
    for value in (0.5, 1, 2, 99):
        daemon.post(
            "/metric",
            id_,
            name="t",
            type="histogram",
            value=value,
            unit="ms",
            tags=["k:v"],
            metadata={"buckets": [2, 1], "host": "a"},
        )
    point = last(daemon, id_, "t", 102.5 / 4)
    buckets = [{"le": 1.0, "count": 2}, {"le": 2.0, "count": 2}]
    assert {"host": "a", "count": 4, "sum": 102.5, "buckets": buckets} == point["metadata"]
    assert ("ms", ["k:v"]) == (point["unit"], point["tags"])


def test_a_bound_may_be_infinite_as_a_number_or_a_text(daemon: Daemon) -> None:
    id_ = daemon.register()
    daemon.post("/metric", id_, name="t", type="histogram", value=1, metadata={"buckets": [1, float("inf")]})
    daemon.post("/metric", id_, name="t", type="histogram", value=5, metadata={"buckets": [1, "inf"]})
    point = last(daemon, id_, "t", 3)
    assert [{"le": 1.0, "count": 1}, {"le": "inf", "count": 1}] == point["metadata"]["buckets"]


def test_totals_go_on_after_the_agent_was_killed(daemon: Daemon) -> None:
    id_ = daemon.register()
    daemon.post("/metric", id_, name="n", type="counter", delta=3, tags=[])
    daemon.kill()
    daemon.start()
    daemon.post("/metric", id_, name="n", type="counter", delta=4, tags=[])
    last(daemon, id_, "n", 7)
