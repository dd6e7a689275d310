"""Every call, as the server shows it."""

import json
import math
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meterd.client import Client, ClientClosed, Session, StatusError
from tests.client.proxy import Hold, Proxy, answer
from tests.client.sessions.conftest import Read, names


def test_a_session_is_shown_as_it_was_begun(client: Client, read: Read) -> None:
    session = client.create_session("shop", "1.2.3", machine_id="m-1", hostname="web", wait=60)
    shown = read(session)
    assert ({"product": "shop", "version": "1.2.3"}, "m-1", "web", True) == (
        shown["state"],
        shown["machine_id"],
        shown["hostname"],
        shown["active"],
    )


def test_states_are_merged(client: Client, read: Read) -> None:
    session = client.create_session(product="p", version="1")
    session.update_state({"window": {"open": True, "title": "a"}})
    session.update_state({"window": {"title": None}, "version": None})
    session.flush()
    shown = read(session)
    assert {"product": "p", "window": {"open": True}} == shown["state"]
    assert len(shown["state_history"]) == 2


def test_a_state_is_taken_as_it_is_at_the_call(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    state = {"items": [1]}
    session.update_state(state)
    state["items"].append(2)
    session.flush()
    assert [1] == read(session)["state"]["items"]


def test_an_event_has_what_was_said(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    session.log_event(
        "paid", category="warning", group="till", labels=["a"], message="m", data={"sum": 2}, source_line=3
    )
    session.log_event("bare")
    session.flush()
    paid, bare = read(session)["events"]
    datetime.fromisoformat(paid.pop("timestamp"))
    assert paid == {
        "name": "paid",
        "category": "warning",
        "group": "till",
        "labels": ["a"],
        "message": "m",
        "data": {"sum": 2},
        "source_line": 3,
    }
    assert ("info", []) == (bare["category"], bare["labels"])


def test_a_metric_has_what_was_said(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    tags, metadata = ["a:1"], {"k": 1}
    session.log_metric("m", 1.5, tags=tags, type="own", unit="bytes", count=4, metadata=metadata)
    tags.append("b:2")
    metadata["k"] = 2
    session.log_gauge("g", 2, unit="percent")
    session.log_timer("t", 0.5, 5)
    session.flush()
    points = read(session)["metrics"]
    for point in points:
        datetime.fromisoformat(point.pop("timestamp"))
    assert points == [
        {"name": "m", "value": 1.5, "type": "own", "unit": "bytes", "count": 4, "tags": ["a:1"], "metadata": {"k": 1}},
        {"name": "g", "value": 2.0, "type": "gauge", "unit": "percent"},
        {"name": "t", "value": 0.5, "type": "timer", "unit": "seconds", "count": 5},
    ]


def test_calls_are_delivered_in_their_order_with_the_time_of_the_call(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    for number in range(20):
        session.log_event(str(number))
        session.log_metric(str(number), number)
    session.flush()
    shown = read(session)
    for collection in (shown["events"], shown["metrics"]):
        assert [str(number) for number in range(20)] == names(collection)
        stamps = [entry["timestamp"] for entry in collection]
        assert sorted(stamps) == stamps


def test_a_counter_is_a_running_total_for_each_tag_set(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    for _ in range(3):
        session.log_counter("hits")
        session.log_counter("hits", 2, tags=["b", "a"])
        session.log_counter("hits", -0.5, tags=["a", "b"])
    session.flush()
    session.log_counter("hits")
    session.flush()
    session.flush()
    points = [(point["value"], point.get("tags")) for point in read(session)["metrics"]]
    assert [(3.0, None), (4.5, ["a", "b"]), (4.0, None)] == points


def test_a_histogram_is_the_whole_distribution(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    for value in (1, 2, 2, 5):
        session.log_histogram("size", value, buckets=[4, 1, 2], unit="MB", tags=["t"])
    session.flush()
    session.flush()
    (point,) = read(session)["metrics"]
    assert (2.5, "histogram", "MB", ["t"]) == (point["value"], point["type"], point["unit"], point["tags"])
    buckets = [{"le": 1.0, "count": 1}, {"le": 2.0, "count": 2}, {"le": 4.0, "count": 1}]
    assert {"count": 4, "sum": 10.0, "buckets": buckets} == point["metadata"]


def test_aggregates_are_sent_when_the_flush_interval_has_passed(proxy: Proxy, client: Client, read: Read) -> None:
    with Client(proxy.url, client._options.token, flush_interval=0.05) as quick:
        session = quick.create_session("p", "1", wait=60)
        session.log_counter("hits")
        while not read(session)["metrics"]:
            threading.Event().wait(0.01)


def test_a_timer_measures_also_a_block_that_raises(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    with session.timer("done", tags=["a"], unit="milliseconds") as timer:
        timer.count = 7
    with pytest.raises(KeyError), session.timer("failed"):
        raise KeyError
    session.flush()
    done, failed = read(session)["metrics"]
    assert ("timer", "milliseconds", 7, ["a"]) == (done["type"], done["unit"], done["count"], done["tags"])
    assert ("failed", "timer", "seconds") == (failed["name"], failed["type"], failed["unit"])
    assert failed["value"] > 0


def fail() -> None:
    raise LookupError("nothing \udcff there")


def test_an_exception_has_its_type_text_source_and_stack(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    try:
        fail()
    except LookupError as error:
        session.log_exception(data={"k": 1})
        kept = error
    session.log_exception(kept)
    session.flush()
    event, other = read(session)["events"]
    assert ("exception", "error", "exception", ["exception", "LookupError"], {"k": 1}) == tuple(
        event[name] for name in ("name", "category", "group", "labels", "data")
    )
    assert ("LookupError", r"nothing \udcff there", "fail") == tuple(
        event[name] for name in ("exception_type", "exception_msg", "source_function")
    )
    assert event["source_file"].endswith("test_session.py")
    assert "in fail" in "".join(event["stacktrace"])
    assert event["stacktrace"] == other["stacktrace"]


def test_without_an_exception_there_is_none_to_log(client: Client) -> None:
    with pytest.raises(ValueError, match="no exception is being handled"):
        client.create_session("p", "1").log_exception()


def test_leaving_the_block_ends_the_session(client: Client, read: Read) -> None:
    with client.create_session("p", "1") as session:
        session.heartbeat()
    session.flush()
    shown = read(session)
    assert (False, False) == (shown["active"], shown["crashed"])
    assert shown["ended_at"] >= shown["last_heartbeat"]


def test_an_exception_that_leaves_the_block_is_logged_and_crashes_the_session(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    session.log_counter("hits")
    with pytest.raises(LookupError), session:
        fail()
    session.flush()
    shown = read(session)
    assert shown["crashed"]
    assert ["exception", "session_crashed_detected"] == names(shown["events"])
    assert "LookupError" in shown["events"][1]["data"]["reason"]
    assert ["hits"] == names(shown["metrics"])


@pytest.mark.parametrize("wanted", [SystemExit, KeyboardInterrupt])
def test_a_program_that_is_to_stop_has_not_crashed(client: Client, read: Read, wanted: type[BaseException]) -> None:
    with pytest.raises(wanted), client.create_session("p", "1") as session:
        raise wanted
    session.flush()
    assert not read(session)["crashed"]


@pytest.mark.parametrize("spool", [None, "spool"])
def test_of_heartbeats_that_wait_the_last_is_sent(
    client: Client, proxy: Proxy, tmp_path: Path, spool: str | None
) -> None:
    session = client.create_session("p", "1", spool=spool and tmp_path / spool, wait=60)
    proxy.script(hold := Hold())
    session.log_event("e")
    assert hold.reached.wait(60)
    for _ in range(3):
        session.heartbeat()
        session.heartbeat()
        session.save()
    before = datetime.now(UTC)
    session.heartbeat()
    after = datetime.now(UTC)
    session.save()
    hold.let_go.set()
    session.flush()
    (beat,) = moments(proxy, "heartbeat")
    assert before <= beat <= after
    session.heartbeat()
    session.flush()
    assert 2 == len(moments(proxy, "heartbeat"))


def test_a_delivery_after_an_outage_says_when_it_happened(client: Client, proxy: Proxy) -> None:
    proxy.always(answer(404, b"down"))
    for leave in (Session.end, lambda session: Session.crash(session, "out of paper")):
        session = client.create_session("p", "1", wait=0.01)
        session.heartbeat()
        leave(session)
        with pytest.raises(StatusError):
            session.flush()
    over = datetime.now(UTC)
    proxy.always(None)
    client.flush()
    for operation in ("heartbeat", "end", "crash"):
        assert all(moment <= over for moment in moments(proxy, operation))
    assert [2, 1, 1] == [len(moments(proxy, operation)) for operation in ("heartbeat", "end", "crash")]


def moments(proxy: Proxy, operation: str) -> list[datetime]:
    """What was said about the time of an operation."""
    bodies = [json.loads(seen.body) for seen in proxy.seen if seen.path.endswith(f"/{operation}")]
    return [datetime.fromisoformat(body["timestamp"]) for body in bodies]


def test_an_ended_session_takes_nothing_more(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    session.crash("out of paper")
    session.end()
    calls: list[Any] = [
        lambda: session.log_event("late"),
        lambda: session.log_metric("late", 1),
        lambda: session.log_counter("late"),
        lambda: session.log_histogram("late", 1),
        lambda: session.update_state({}),
        session.heartbeat,
    ]
    for call in calls:
        with pytest.raises(ClientClosed, match="the session has ended"):
            call()
    session.flush()
    assert {"reason": "out of paper"} == read(session)["events"][0]["data"]


def test_closing_the_client_ends_its_sessions(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")
    session.log_counter("hits")
    client.close()
    shown = read(session)
    assert not shown["active"]
    assert ["hits"] == names(shown["metrics"])
    with pytest.raises(ClientClosed):
        client.create_session("p", "1")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: s.log_metric("m", math.nan), ValueError, "value of m must be finite, got nan"),
        (lambda s: s.log_metric("m", 1, tags="a:b"), TypeError, "tags must be several texts, got one"),
        (lambda s: s.log_metric(5, 1), TypeError, "name must be text, got int"),
        (lambda s: s.log_metric("m", "much"), ValueError, "value of m must be a number, got 'much'"),
        (lambda s: s.log_metric("m", None), TypeError, "value of m must be a number, got NoneType"),
        (lambda s: s.log_metric("m", 10**400), ValueError, "value of m must be finite, got 10"),
        (lambda s: s.log_metric("m", 1, tags={"a": "b"}), TypeError, "tags must be several texts, got dict"),
        (lambda s: s.log_metric("m", 1, tags=3), TypeError, "tags must be several texts, got int"),
        (lambda s: s.log_metric("m", 1, type=["timer"]), TypeError, "type must be text, got list"),
        (lambda s: s.log_metric("m", 1, count=1.5), TypeError, "count must be a whole number, got 1.5"),
        (lambda s: s.log_counter(5), TypeError, "name must be text, got int"),
        (lambda s: s.log_histogram(None, 1), TypeError, "name must be text, got NoneType"),
        (lambda s: s.timer(b"t"), TypeError, "name must be text, got bytes"),
        (lambda s: s.log_metric("m", 1, metadata=[1]), TypeError, "metadata must be a mapping, got list"),
        (lambda s: s.log_counter("m", math.inf), ValueError, "value of m must be finite, got inf"),
        (lambda s: s.log_counter("m", tags="ab"), TypeError, "tags must be several texts"),
        (lambda s: s.log_histogram("m", 1, buckets=[1, math.inf]), ValueError, "buckets must be finite"),
        (lambda s: s.log_histogram("m", 1, buckets=[]), ValueError, "buckets must be finite numbers, at least one"),
        (lambda s: s.log_event(3), TypeError, "name must be text, got int"),
        (lambda s: s.log_event("e", data=[1]), TypeError, "data must be a mapping, got list"),
        (lambda s: s.log_event("e", {"a": 1}), TypeError, "category must be text, got dict"),
        (lambda s: s.log_event("e", message=["a"]), TypeError, "message must be text, got list"),
        (lambda s: s.log_event("e", labels={"a": 1}), TypeError, "labels must be several texts, got dict"),
        (lambda s: s.log_event("e", source_line="3"), TypeError, "source_line must be a whole number, got '3'"),
        (lambda s: s.log_event("e", detail="x"), TypeError, "an event has no member detail: put it into data"),
        (lambda s: s.log_exception("no paper"), TypeError, "exc must be an exception, got str"),
        (lambda s: s.log_event("e", labels="ab"), TypeError, "labels must be several texts, got one"),
        (lambda s: s.update_state([1]), TypeError, "state must be a mapping, got list"),
        (lambda s: s.timer("t", unit="weeks"), ValueError, "unit must be one of seconds"),
    ],
)
def test_wrong_arguments_are_the_callers_to_mend(
    client: Client, call: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(client.create_session("p", "1"))


@pytest.mark.parametrize("product", ["", None, 3])
def test_a_session_needs_a_product(client: Client, product: Any) -> None:
    with pytest.raises(ValueError, match="product must be text that is not empty"):
        client.create_session(product, "1")


def test_threads_share_a_session(client: Client, read: Read) -> None:
    session = client.create_session("p", "1")

    def work(thread: int) -> None:
        for number in range(50):
            session.log_metric(f"{thread}", number)
            session.log_counter("all")

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.flush()
    points = read(session)["metrics"]
    for number in range(4):
        assert list(range(50)) == [point["value"] for point in points if point["name"] == str(number)]
    assert 200 == [point["value"] for point in points if point["name"] == "all"][-1]


def test_sessions_of_a_client_are_apart(client: Client, read: Read) -> None:
    first, second = client.create_session("a", "1"), client.create_session("b", "1")
    first.log_event("of a")
    second.log_event("of b")
    client.flush()
    assert (["of a"], ["of b"]) == (names(read(first)["events"]), names(read(second)["events"]))


def test_bodies_are_json(client: Client, proxy: Proxy) -> None:
    client.create_session("p", "1", wait=60)
    assert {"product": "p", "version": "1"} == json.loads(proxy.seen[0].body)
