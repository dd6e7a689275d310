import gzip
import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meterd.client import (
    BufferFull,
    Client,
    ClientClosed,
    ConnectionFailed,
    InvalidRow,
    RowsRefused,
    StatusError,
    UnexpectedAnswer,
)
from tests.client.conftest import Ledger
from tests.client.proxy import Late, Proxy, answer, lose_answer, lose_answer_with, lose_request
from tests.process import Meterd, make_token
from tests.waiting import eventually

GUARDRAILS = "guardrailMetrics"
NEVER = 3600.0
"""A flush interval that no test reaches."""


@pytest.fixture
def client(proxy: Proxy, shared: Meterd) -> Iterator[Client]:
    with Client(proxy.url, shared.token, batch_size=10, flush_interval=NEVER) as client:
        yield client
        proxy.always(None)


def ingest_until_it_raises(client: Client) -> None:
    for _ in range(6000):
        client.ingest(GUARDRAILS, ())
        time.sleep(0.01)


def test_rows_are_stored_when_flush_returns(client: Client, ledger: Ledger) -> None:
    client.ingest(GUARDRAILS, ledger.rows(3))
    client.ingest(GUARDRAILS, ledger.row())
    client.flush()
    assert ledger.all_stored_once()


def test_a_full_batch_is_sent_at_once_and_the_rest_waits(client: Client, proxy: Proxy, ledger: Ledger) -> None:
    client.ingest(GUARDRAILS, ledger.rows(25))
    eventually(lambda: sum(ledger.stored().values()) == 20)
    assert len(proxy.seen) == 2
    client.flush()
    assert ledger.all_stored_once()
    assert len(proxy.seen) == 3


def test_a_row_does_not_wait_longer_than_the_flush_interval(proxy: Proxy, shared: Meterd, ledger: Ledger) -> None:
    with Client(proxy.url, shared.token, flush_interval=0.05) as client:
        for _ in range(2):  # the second time after the sender has come to rest
            client.ingest(GUARDRAILS, ledger.row())
            eventually(ledger.all_stored_once)
            eventually(lambda: "meterd-client" not in [thread.name for thread in threading.enumerate()])


def test_leaving_the_context_stores_everything(shared: Meterd, ledger: Ledger) -> None:
    with Client(shared.url, shared.token, batch_size=7) as client:
        client.ingest(GUARDRAILS, ledger.rows(100))
    assert ledger.all_stored_once()


def test_datasources_have_batches_of_their_own(client: Client, proxy: Proxy, ledger: Ledger) -> None:
    for _ in range(2):
        client.ingest(GUARDRAILS, ledger.row())
        client.ingest(
            "aiGuardMetrics", {"meter": "ai_guard.agent", "agent": "bot", "platform": "DATABRICKS", "value": 1}
        )
    client.flush()
    assert ["=guardrailMetrics", "=aiGuardMetrics"] == [seen.path[seen.path.index("=") :] for seen in proxy.seen]


def test_large_bodies_are_compressed(client: Client, proxy: Proxy, ledger: Ledger) -> None:
    client.ingest(GUARDRAILS, ledger.row())
    client.flush()
    client.ingest(GUARDRAILS, [*ledger.rows(9), ledger.row(metadata={"env": "x" * 128})])
    client.flush()
    small, large = proxy.seen
    assert "content-encoding" not in small.headers
    assert large.headers["content-encoding"] == "gzip"
    assert len(gzip.decompress(large.body)) > 1024 > len(large.body)
    assert ledger.all_stored_once()


def test_more_than_one_body_can_hold_is_split(proxy: Proxy, shared: Meterd, ledger: Ledger) -> None:
    labels = {f"{number:02}" * 64: "x" * 128 for number in range(60)}
    with Client(proxy.url, shared.token, batch_size=10_000) as client:
        client.ingest(GUARDRAILS, [ledger.row(metadata=labels) for _ in range(600)])
    assert len(proxy.seen) == 2
    assert ledger.all_stored_once()


def test_a_row_that_is_no_json_is_the_callers_problem_only(client: Client, ledger: Ledger) -> None:
    good = ledger.rows(10)
    with pytest.raises(InvalidRow, match=r"^row 11: 'latencyMs'") as caught:
        client.ingest(GUARDRAILS, [*good, {"latencyMs": 1}, {"latencyMs": object()}])
    assert caught.value.taken == 10
    client.flush()
    assert ledger.all_stored_once()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "fault",
    [
        lose_request,
        lose_answer,
        lose_answer_with(500),
        lose_answer_with(504),
        answer(503, Retry_After="1"),
        answer(429),
    ],
)
def test_a_retry_stores_rows_once(client: Client, proxy: Proxy, ledger: Ledger, fault: Any) -> None:
    proxy.script(fault, fault)
    client.ingest(GUARDRAILS, ledger.rows(4))
    client.flush()
    assert ledger.all_stored_once()
    assert (len(proxy.keys), len(set(proxy.keys))) == (3, 1)


@pytest.mark.usefixtures("impatient")
def test_what_could_not_be_delivered_stays_and_keeps_its_key(client: Client, proxy: Proxy, ledger: Ledger) -> None:
    client.ingest(GUARDRAILS, ledger.rows(4))
    proxy.always(lose_answer)
    for _ in range(2):
        with pytest.raises(ConnectionFailed):
            client.flush()
    proxy.always(None)
    client.flush()
    assert ledger.all_stored_once()
    assert (len(proxy.keys), len(set(proxy.keys))) == (7, 1)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_an_error_that_is_not_about_the_rows_keeps_them(
    client: Client, proxy: Proxy, ledger: Ledger, status: int
) -> None:
    client.ingest(GUARDRAILS, ledger.rows(4))
    proxy.always(answer(status))
    with pytest.raises(StatusError) as caught:
        client.flush()
    assert caught.value.status == status
    assert not isinstance(caught.value, RowsRefused)
    proxy.always(None)
    client.flush()
    assert ledger.all_stored_once()


@pytest.mark.parametrize("body", [b"<html>", b'{"accepted": 3}'])
def test_a_success_that_is_not_meterds_keeps_the_rows(
    client: Client, proxy: Proxy, ledger: Ledger, body: bytes
) -> None:
    client.ingest(GUARDRAILS, ledger.rows(4))
    proxy.script(answer(200, body))
    with pytest.raises(UnexpectedAnswer):
        client.flush()
    client.flush()
    assert ledger.all_stored_once()


def test_refused_rows_come_back_and_later_ones_are_stored(client: Client, proxy: Proxy, ledger: Ledger) -> None:
    client.ingest(GUARDRAILS, [{"latencyMs": 1}, {"latencyMs": "1", "createdAt": "2026-01-31T12:00:00Z"}])
    client.ingest("aiGuardMetrics", {"meter": "ai_guard.agent"})
    client.ingest("noMetrics", {"latencyMs": 1})
    with pytest.raises(RowsRefused) as caught:
        client.flush()
    error = caught.value
    assert (error.status, error.message) == (400, "row 1: latencyMs must be a number, got a string")
    assert (error.datasource, error.rows[1]) == (GUARDRAILS, {"latencyMs": "1", "createdAt": "2026-01-31T12:00:00Z"})
    assert [each.datasource for each in error.further] == ["aiGuardMetrics", "noMetrics"]
    client.ingest(GUARDRAILS, ledger.rows(2))
    client.flush()
    assert ledger.all_stored_once()
    assert len(proxy.seen) == 4


def test_a_forbidden_row_is_refused(shared: Meterd) -> None:
    token = make_token(shared.data, "ann@example.org").token
    with Client(shared.url, token) as client:
        client.ingest(GUARDRAILS, {"createdBySubjectSlug": "bob@example.org"})
        with pytest.raises(RowsRefused) as caught:
            client.flush()
    assert caught.value.status == 403
    assert caught.value.rows[0]["createdBySubjectSlug"] == "bob@example.org"


def test_a_refusal_in_the_background_is_raised_by_the_next_call(client: Client, proxy: Proxy, ledger: Ledger) -> None:
    client.ingest(GUARDRAILS, [{"latencyMs": "1"}] * 10)
    eventually(lambda: len(proxy.seen) == 1)
    with pytest.raises(RowsRefused):
        ingest_until_it_raises(client)
    client.ingest(GUARDRAILS, ledger.row())
    client.flush()
    assert ledger.all_stored_once()


def test_closing_raises_refusals_and_is_closed(client: Client, ledger: Ledger) -> None:
    client.ingest(GUARDRAILS, [{"latencyMs": "1"}])
    with pytest.raises(RowsRefused):
        client.close()
    with pytest.raises(ClientClosed):
        client.ingest(GUARDRAILS, ledger.row())
    with pytest.raises(ClientClosed):
        client.query(GUARDRAILS, "2026-01-31", "2026-02-01")
    client.flush()
    client.close()


@pytest.mark.usefixtures("impatient")
def test_closing_in_vain_leaves_the_client_usable(client: Client, proxy: Proxy, ledger: Ledger) -> None:
    client.ingest(GUARDRAILS, ledger.row())
    proxy.always(lose_request)
    with pytest.raises(ConnectionFailed):
        client.close()
    proxy.always(None)
    client.ingest(GUARDRAILS, ledger.row())
    client.close()
    assert ledger.all_stored_once()


@pytest.mark.usefixtures("impatient")
def test_a_full_buffer_takes_no_more_until_it_can_be_sent(proxy: Proxy, shared: Meterd, ledger: Ledger) -> None:
    with Client(proxy.url, shared.token, batch_size=4, max_buffered_rows=10, flush_interval=NEVER) as client:
        proxy.always(answer(503))
        rows = ledger.rows(25)
        with pytest.raises(BufferFull, match="taken: 10") as caught:
            client.ingest(GUARDRAILS, iter(rows))
        assert caught.value.taken == 10
        assert isinstance(caught.value.__cause__, StatusError)
        proxy.always(None)
        client.ingest(GUARDRAILS, rows[caught.value.taken :])
    assert ledger.all_stored_once()


def test_a_full_buffer_waits_for_room(proxy: Proxy, shared: Meterd, ledger: Ledger) -> None:
    with Client(proxy.url, shared.token, batch_size=4, max_buffered_rows=10) as client:
        client.ingest(GUARDRAILS, (ledger.row() for _ in range(100)))
    assert ledger.all_stored_once()


@pytest.mark.usefixtures("impatient")
def test_a_failure_in_the_background_is_raised_once_and_heals(
    proxy: Proxy, shared: Meterd, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "meterd.client")
    with Client(proxy.url, shared.token, flush_interval=0.02) as client:
        proxy.always(answer(503, json.dumps({"code": 503, "message": "the disk is full"}).encode()))
        client.ingest(GUARDRAILS, ledger.row())
        with pytest.raises(StatusError, match="the disk is full"):
            ingest_until_it_raises(client)
        proxy.always(None)
        eventually(ledger.all_stored_once)
        client.ingest(GUARDRAILS, ())
    assert "rows wait: the disk is full (status 503)" in caplog.text
    assert shared.token not in caplog.text


def test_a_flush_does_not_share_the_failure_of_an_attempt_that_began_before_it(
    client: Client, proxy: Proxy, ledger: Ledger
) -> None:
    proxy.script(late := Late(answer(404)))
    client.ingest(GUARDRAILS, ledger.rows(10))
    assert late.reached.wait(60)
    threading.Timer(0.2, late.let_go.set).start()
    client.flush()
    assert ledger.all_stored_once()


def test_many_threads_share_a_client(proxy: Proxy, shared: Meterd, ledger: Ledger) -> None:
    rows = ledger.rows(2000)
    with Client(proxy.url, shared.token, batch_size=64, max_buffered_rows=256, flush_interval=0.01) as client:

        def ingest(own: list[dict[str, Any]]) -> None:
            for number, row in enumerate(own):
                client.ingest(GUARDRAILS, row)
                if number % 50 == 0:
                    client.flush()

        threads = [threading.Thread(target=ingest, args=(rows[first::8],)) for first in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert ledger.all_stored_once()


def test_kill_and_restart_in_the_middle_lose_and_repeat_nothing(tmp_path: Path) -> None:
    with Proxy() as proxy, Meterd(tmp_path) as server:
        proxy.target = server.url
        ledger = Ledger(server)
        rows = ledger.rows(1500)
        sent = threading.Event()
        with Client(proxy.url, server.token, batch_size=20, max_buffered_rows=200, retry_timeout=120) as client:

            def ingest(own: list[dict[str, Any]]) -> None:
                for row in own:
                    client.ingest(GUARDRAILS, row)
                sent.set()

            threads = [threading.Thread(target=ingest, args=(rows[first::3],)) for first in range(3)]
            for thread in threads:
                thread.start()
            for part in (20, 60):
                eventually(lambda part=part: len(proxy.seen) >= part)  # type: ignore[misc]
                server.kill()
                proxy.target = server.start().url
            for thread in threads:
                thread.join()
        assert ledger.all_stored_once()
