import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meterd.client import AsyncClient, AsyncSession, ItemsRefused, StatusError
from tests.client.proxy import Hold, Proxy, answer
from tests.client.sessions.conftest import NEVER, Read, names
from tests.process import Meterd


@pytest.fixture
async def client(proxy: Proxy, shared: Meterd) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(proxy.url, shared.token, flush_interval=NEVER) as client:
        yield client
        proxy.always(None)


async def test_a_session_of_an_event_loop(client: AsyncClient, tmp_path: Path, read: Read) -> None:
    async with await client.create_session(product="p", version="1", spool=tmp_path / "spool", wait=60) as session:
        session.log_event("e")
        session.log_counter("hits")
        await session.save()
    await session.flush()
    shown = read(session)
    assert (["e"], ["hits"], False) == (names(shown["events"]), names(shown["metrics"]), shown["active"])


async def test_an_exception_crashes_it(client: AsyncClient, read: Read) -> None:
    session = await client.create_session("p", "1")
    with pytest.raises(LookupError):
        async with session:
            raise LookupError
    await client.flush()
    assert read(session)["crashed"]


async def test_a_task_that_is_cancelled_has_not_crashed(client: AsyncClient, read: Read) -> None:
    session = await client.create_session("p", "1")

    async def work(session: AsyncSession) -> None:
        async with session:
            await asyncio.sleep(3600)

    task = asyncio.create_task(work(session))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await session.flush()
    shown = read(session)
    assert (False, False) == (shown["crashed"], shown["active"])


async def test_the_event_loop_goes_on_while_the_server_takes_its_time(client: AsyncClient, proxy: Proxy) -> None:
    hold = Hold()
    proxy.script(hold)
    session = await client.create_session("p", "1")
    flushing = asyncio.create_task(session.flush())
    assert await asyncio.to_thread(hold.reached.wait, 60)
    assert not flushing.done()
    hold.let_go.set()
    await flushing
    assert session.id


async def test_errors_are_raised_where_they_are_awaited(client: AsyncClient, proxy: Proxy, read: Read) -> None:
    session = await client.create_session("p", "1", wait=60)
    proxy.always(answer(401))
    session.log_event("e")
    with pytest.raises(StatusError):
        await session.flush()
    proxy.always(None)
    session.log_event("wrong", source_line=2**70)
    with pytest.raises(ItemsRefused):
        await client.close()
    assert ["e"] == names(read(session)["events"])
