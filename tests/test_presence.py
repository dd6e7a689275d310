import asyncio
from typing import Any

import pytest

from meterd.presence import ClientGone, receiving, while_present


class Connection:
    """What a server tells an application of a connection: a body, and when the client goes."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.is_read = False

    async def receive(self) -> dict[str, Any]:
        if not self.is_read:
            self.is_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}


async def answer(connection: Connection, ended: list[str]) -> str:
    receiving.set(connection.receive)
    try:
        async with while_present():
            await asyncio.sleep(3600)
    finally:
        ended.append("work")
    return "answered"


async def test_work_ends_when_its_client_goes() -> None:
    connection, ended = Connection(), list[str]()
    task = asyncio.create_task(answer(connection, ended))
    await asyncio.sleep(0)

    connection.gone.set()

    with pytest.raises(ClientGone):
        await task
    assert (["work"], 0) == (ended, task.cancelling())


async def test_work_goes_on_while_the_client_is_there_and_nothing_watches_afterwards() -> None:
    connection = Connection()
    receiving.set(connection.receive)
    async with while_present():
        await asyncio.sleep(0.01)
    connection.gone.set()
    await asyncio.sleep(0.01)

    assert {asyncio.current_task()} == asyncio.all_tasks()


async def test_a_cancellation_by_others_stays_one() -> None:
    task = asyncio.create_task(answer(Connection(), []))
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_outside_of_requests_nothing_is_watched() -> None:
    receiving.set(None)
    async with while_present():
        assert {asyncio.current_task()} == asyncio.all_tasks()
