"""Servers that fail, are down, or are killed in the middle."""

import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meterd.client import Client, ConnectionFailed, ItemsRefused, StatusError, UnexpectedAnswer
from tests.client.proxy import Hold, Late, Proxy, answer, lose_answer, lose_answer_with, lose_request
from tests.client.sessions.conftest import NEVER, Read, document, names
from tests.process import Meterd
from tests.waiting import eventually

FAULTS = [lose_request, lose_answer, lose_answer_with(500), lose_answer_with(504), answer(503, Retry_After="1")]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_request_that_failed_is_sent_again_and_counts_once(
    client: Client, proxy: Proxy, read: Read, fault: Any
) -> None:
    proxy.script(fault, fault)
    session = client.create_session("p", "1")
    session.flush()
    proxy.script(fault, fault)
    session.update_state({"a": 1})
    session.flush()
    proxy.script(fault)
    session.log_event("e")
    session.log_metric("m", 1)
    session.flush()
    shown = read(session)
    assert (1, ["e"], ["m"]) == (len(shown["state_history"]), names(shown["events"]), names(shown["metrics"]))
    assert (9, 4) == (len(proxy.keys), len(set(proxy.keys)))


def test_a_session_that_was_begun_while_the_server_was_down(client: Client, proxy: Proxy, read: Read) -> None:
    proxy.always(answer(404, b"nobody is here"))
    session = client.create_session("p", "1", wait=0.01)
    session.log_event("early")
    with pytest.raises(StatusError, match="nobody is here"):
        session.flush()
    assert (None, 2) == (session.id, session.waiting)
    proxy.always(None)
    session.log_event("late")
    session.flush()
    assert ["early", "late"] == names(read(session)["events"])


@pytest.mark.usefixtures("impatient")
def test_the_background_tries_again(proxy: Proxy, shared: Meterd, read: Read, caplog: pytest.LogCaptureFixture) -> None:
    proxy.always(lose_request)
    with Client(proxy.url, shared.token, flush_interval=0.05) as client:
        session = client.create_session("p", "1")
        session.log_event("e")
        eventually(lambda: any("2 entries of a session wait" in record.message for record in caplog.records))
        proxy.always(None)
        eventually(lambda: session.waiting == 0)
        assert ["e"] == names(read(session)["events"])


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("fault", "error"),
    [(lose_request, ConnectionFailed), (answer(401), StatusError), (answer(200, b"<html>"), UnexpectedAnswer)],
)
def test_a_flush_that_fails_says_why_and_loses_nothing(
    client: Client, proxy: Proxy, read: Read, fault: Any, error: type[Exception]
) -> None:
    session = client.create_session("p", "1", wait=60)
    proxy.always(fault)
    session.log_event("e")
    with pytest.raises(error):
        session.flush()
    with pytest.raises(error):
        client.close()
    proxy.always(None)
    session.flush()
    assert ["e"] == names(read(session)["events"])


def test_a_flush_does_not_share_the_failure_of_an_attempt_that_began_before_it(
    client: Client, proxy: Proxy, read: Read
) -> None:
    session = client.create_session("p", "1", wait=60)
    proxy.script(late := Late(answer(404, b"down")))
    session.log_event("e")
    assert late.reached.wait(60)
    threading.Timer(0.2, late.let_go.set).start()
    session.flush()
    assert ["e"] == names(read(session)["events"])


def test_what_the_server_refuses_is_reported_and_the_rest_goes_on(
    client: Client, read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    session = client.create_session("p", "1")
    session.log_event("wrong", source_line=2**70)
    session.log_metric("wrong", 1, count=2**70)
    session.log_event("right")
    with pytest.raises(ItemsRefused, match=r"^events of a session was refused: .*source_line.*besides: 1$") as caught:
        session.flush()
    error = caught.value
    assert (400, "events", ["metrics"]) == (error.status, error.operation, [e.operation for e in error.further])
    assert b'"name":"wrong"' in error.body
    session.flush()
    assert ["right"] == names(read(session)["events"])
    assert 2 == sum(record.levelno == logging.WARNING for record in caplog.records)


def test_a_session_that_the_server_does_not_know_any_more_holds_up_nothing(client: Client, proxy: Proxy) -> None:
    session = client.create_session("p", "1", wait=60)
    proxy.script(answer(404, b'{"error": "Session not found"}'))
    session.log_event("e")
    with pytest.raises(ItemsRefused, match="Session not found"):
        session.flush()
    assert 0 == session.waiting


def test_a_session_that_is_refused_is_dropped_as_a_whole(client: Client, proxy: Proxy) -> None:
    proxy.script(answer(400, b'{"error": "no such product"}'))
    session = client.create_session("p", "1")
    session.log_event("e")
    with pytest.raises(ItemsRefused, match="create of a session was refused: no such product"):
        session.flush()
    assert (0, 1) == (session.waiting, len(proxy.seen))


def test_calls_do_not_wait_for_a_server_that_takes_its_time(client: Client, proxy: Proxy, read: Read) -> None:
    hold = Hold()
    proxy.script(hold)
    session = client.create_session("p", "1")
    assert hold.reached.wait(60)
    session.update_state({"a": 1})
    session.log_event("e")
    session.log_metric("m", 1)
    session.heartbeat()
    session.end()
    assert 6 == session.waiting
    hold.let_go.set()
    session.flush()
    assert ["e"] == names(read(session)["events"])


def test_more_than_there_is_room_for_is_dropped_and_counted(
    proxy: Proxy, shared: Meterd, read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    hold = Hold()
    proxy.script(hold)
    with Client(proxy.url, shared.token, batch_size=1, max_buffered_rows=10, flush_interval=NEVER) as client:
        session = client.create_session("p", "1")
        for number in range(15):
            session.log_event(str(number))
        session.log_counter("never dropped")
        assert (6, 10) == (session.dropped, session.waiting)
        hold.let_go.set()
        session.flush()
        shown = read(session)
        assert [str(number) for number in range(9)] == names(shown["events"])
        assert ["never dropped"] == names(shown["metrics"])
    assert ["a call of a session is dropped: there is no room; the session counts all that follow"] == [
        record.message for record in caplog.records
    ]


@pytest.mark.usefixtures("impatient")
def test_each_attempt_says_when_it_is_made(proxy: Proxy, shared: Meterd) -> None:
    before = datetime.now(UTC)
    with Client(proxy.url, shared.token, flush_interval=3600) as client:
        session = client.create_session("p", "1", wait=60)
        proxy.script(lose_request, lose_answer)
        session.heartbeat()
        session.flush()
        client.query("sessionEvents", "2026-01-01", "2026-01-02")
    *about_session, question = proxy.seen[:5]
    said = [datetime.fromisoformat(request.headers["x-meterd-sent-at"]) for request in about_session]
    assert before <= said[0] < said[1] < said[2] < said[3] <= datetime.now(UTC)
    assert "x-meterd-sent-at" not in question.headers


def test_the_threads_end_with_the_session(client: Client) -> None:
    mine = set(threading.enumerate())
    session = client.create_session("p", "1", wait=60)
    threads = [thread for thread in set(threading.enumerate()) - mine if thread.name == "meterd-session"]
    assert 2 == len(threads)
    session.end()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_a_server_that_is_killed_in_the_middle(tmp_path: Path, proxy: Proxy) -> None:
    meterd = Meterd(tmp_path / "data").start()
    proxy.target = meterd.url
    with Client(proxy.url, meterd.token, flush_interval=0.05, retry_attempts=2) as client:
        session = client.create_session("p", "1")
        for number in range(60):
            session.log_event(str(number))
            session.update_state({"number": number})
            session.log_counter("hits")
            if number == 20:
                eventually(lambda: len(proxy.seen) > 15)
                meterd.kill()
            if number == 40:
                meterd.start()
                proxy.target = meterd.url
        session.end()
        session.flush()
        shown = document(meterd, session)
        assert [str(number) for number in range(60)] == names(shown["events"])
        assert list(range(60)) == [entry["state"]["number"] for entry in shown["state_history"]]
        assert 60 == shown["metrics"][-1]["value"]
        assert not shown["active"]
    meterd.stop()
