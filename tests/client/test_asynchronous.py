import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from meterd.client import AsyncClient, BufferFull, ClientClosed, ConnectionFailed, Filter, RowsRefused, StatusError
from tests.client.conftest import Ledger
from tests.client.proxy import Hold, Late, Proxy, answer, lose_answer, lose_answer_with, lose_request
from tests.process import Meterd

GUARDRAILS = "guardrailMetrics"
NEVER = 3600.0


@pytest.fixture
async def client(proxy: Proxy, shared: Meterd) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(proxy.url, shared.token, batch_size=10, flush_interval=NEVER) as client:
        yield client
        proxy.always(None)


async def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(6000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def ingest_until_it_raises(client: AsyncClient) -> None:
    for _ in range(6000):
        await client.ingest(GUARDRAILS, ())
        await asyncio.sleep(0.01)


async def test_what_was_ingested_can_be_queried(client: AsyncClient, ledger: Ledger) -> None:
    day = datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    await client.ingest(GUARDRAILS, [ledger.row(createdAt=day[0], latencyMs=latency) for latency in (1, 3)])
    await client.flush()
    result = await client.query(
        GUARDRAILS,
        *day,
        aggregations={"latencyMs": "avg"},
        filters=[Filter("guardrailName", "STRING_STARTS_WITH", ledger.label)],
    )
    assert result.rows == [{"total": 2, "avgLatencyMs": 2.0}]


async def test_a_query_that_is_refused_raises(client: AsyncClient) -> None:
    with pytest.raises(StatusError, match="Unknown datasource"):
        await client.query("noMetrics", "2026-01-31", "2026-02-01")


async def test_full_batches_and_late_rows_are_sent_in_the_background(
    proxy: Proxy, shared: Meterd, ledger: Ledger
) -> None:
    async with AsyncClient(proxy.url, shared.token, batch_size=10, flush_interval=0.05) as client:
        await client.ingest(GUARDRAILS, ledger.rows(25))
        await eventually(ledger.all_stored_once)
        await eventually(lambda: "meterd-client" not in [task.get_name() for task in asyncio.all_tasks()])
        await client.ingest(GUARDRAILS, ledger.row())
        await eventually(ledger.all_stored_once)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [lose_request, lose_answer, lose_answer_with(500), answer(503, Retry_After="1")])
async def test_a_retry_stores_rows_once(client: AsyncClient, proxy: Proxy, ledger: Ledger, fault: Any) -> None:
    proxy.script(fault, fault)
    await client.ingest(GUARDRAILS, ledger.rows(4))
    await client.flush()
    assert ledger.all_stored_once()
    assert (len(proxy.keys), len(set(proxy.keys))) == (3, 1)


async def test_a_cancelled_flush_loses_and_repeats_nothing(client: AsyncClient, proxy: Proxy, ledger: Ledger) -> None:
    hold = Hold()
    proxy.script(hold)
    await client.ingest(GUARDRAILS, ledger.rows(4))
    flush = asyncio.create_task(client.flush())
    await asyncio.to_thread(hold.reached.wait, 60)
    flush.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flush
    hold.let_go.set()
    await client.flush()
    assert ledger.all_stored_once()
    assert (len(proxy.keys), len(set(proxy.keys))) == (2, 1)


async def test_a_cancelled_close_can_be_repeated(client: AsyncClient, proxy: Proxy, ledger: Ledger) -> None:
    hold = Hold()
    proxy.script(hold)
    await client.ingest(GUARDRAILS, ledger.rows(4))
    close = asyncio.create_task(client.close())
    await asyncio.to_thread(hold.reached.wait, 60)
    close.cancel()
    with pytest.raises(asyncio.CancelledError):
        await close
    hold.let_go.set()
    await client.ingest(GUARDRAILS, ledger.rows(1))
    await client.close()
    assert ledger.all_stored_once()
    with pytest.raises(ClientClosed):
        await client.ingest(GUARDRAILS, ledger.row())


async def test_refused_rows_come_back(client: AsyncClient, ledger: Ledger) -> None:
    await client.ingest(GUARDRAILS, {"latencyMs": "1"})
    await client.ingest("aiGuardMetrics", {"meter": "ai_guard.agent"})
    with pytest.raises(RowsRefused) as caught:
        await client.flush()
    assert (caught.value.rows[0]["latencyMs"], len(caught.value.further)) == ("1", 1)


@pytest.mark.usefixtures("impatient")
async def test_a_full_buffer_takes_no_more_until_it_can_be_sent(proxy: Proxy, shared: Meterd, ledger: Ledger) -> None:
    async with AsyncClient(proxy.url, shared.token, batch_size=4, max_buffered_rows=10, flush_interval=NEVER) as client:
        proxy.always(lose_request)
        rows = ledger.rows(25)
        with pytest.raises(BufferFull) as caught:
            await client.ingest(GUARDRAILS, rows)
        assert caught.value.taken == 10
        proxy.always(None)
        await client.ingest(GUARDRAILS, rows[10:])
    assert ledger.all_stored_once()


@pytest.mark.usefixtures("impatient")
async def test_closing_in_vain_leaves_the_client_usable(client: AsyncClient, proxy: Proxy, ledger: Ledger) -> None:
    await client.ingest(GUARDRAILS, ledger.row())
    proxy.always(lose_request)
    with pytest.raises(ConnectionFailed):
        await client.close()
    proxy.always(None)
    await client.ingest(GUARDRAILS, ledger.row())
    await client.close()
    assert ledger.all_stored_once()


@pytest.mark.usefixtures("impatient")
async def test_a_failure_in_the_background_is_raised_and_heals(proxy: Proxy, shared: Meterd, ledger: Ledger) -> None:
    async with AsyncClient(proxy.url, shared.token, flush_interval=0.02) as client:
        proxy.always(answer(503, b"busy"))
        await client.ingest(GUARDRAILS, ledger.row())
        await eventually(lambda: len(proxy.seen) >= 3)
        with pytest.raises(StatusError, match="busy"):
            await ingest_until_it_raises(client)
        proxy.always(None)
        await eventually(ledger.all_stored_once)


async def test_a_flush_does_not_share_the_failure_of_an_attempt_that_began_before_it(
    client: AsyncClient, proxy: Proxy, ledger: Ledger
) -> None:
    proxy.script(late := Late(answer(404)))
    await client.ingest(GUARDRAILS, ledger.rows(10))
    await eventually(late.reached.is_set)
    asyncio.get_running_loop().call_later(0.2, late.let_go.set)
    await client.flush()
    assert ledger.all_stored_once()


async def test_many_tasks_share_a_client(proxy: Proxy, shared: Meterd, ledger: Ledger) -> None:
    async with AsyncClient(proxy.url, shared.token, batch_size=64, max_buffered_rows=256) as client:

        async def ingest() -> None:
            for number in range(100):
                await client.ingest(GUARDRAILS, ledger.row())
                if number % 25 == 0:
                    await client.flush()

        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(ingest())
    assert ledger.all_stored_once()


async def test_a_large_batch_is_stored(shared: Meterd, ledger: Ledger) -> None:
    async with AsyncClient(shared.url, shared.token, batch_size=5000) as client:
        await client.ingest(GUARDRAILS, ledger.rows(5000))
    assert ledger.all_stored_once()
