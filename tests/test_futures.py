import asyncio
import threading
from collections.abc import Callable

import pytest

from meterd.errors import Unavailable
from meterd.futures import call_from_thread, settle, settle_from_thread


def in_thread(run: Callable[[], None]) -> None:
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


async def test_a_thread_gives_all_who_wait_the_same_result() -> None:
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(3)]

    in_thread(lambda: settle_from_thread(futures, 7))

    assert [7, 7, 7] == await asyncio.gather(*futures)


async def test_a_thread_gives_all_who_wait_the_same_error() -> None:
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(2)]

    in_thread(lambda: settle_from_thread(futures, Unavailable("later")))

    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert ["later", "later"] == [str(outcome) for outcome in outcomes]


async def test_who_has_gone_is_passed_over() -> None:
    loop = asyncio.get_running_loop()
    gone, there = loop.create_future(), loop.create_future()
    gone.cancel()

    in_thread(lambda: settle_from_thread([gone, there], 7))

    assert 7 == await there
    assert gone.cancelled()


async def test_a_future_keeps_its_first_outcome() -> None:
    future = asyncio.get_running_loop().create_future()

    settle(future, 1)
    settle(future, Unavailable("later"))

    assert 1 == await future


def test_nobody_waits_in_a_loop_that_is_closed() -> None:
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    called: list[int] = []
    loop.close()

    settle_from_thread([future], 7)
    call_from_thread(loop, called.append, 1)

    assert not future.done()
    assert [] == called


def test_nobody_at_all_may_wait() -> None:
    settle_from_thread([], 7)


async def test_a_function_is_called_in_the_loop() -> None:
    loop = asyncio.get_running_loop()
    threads: asyncio.Queue[threading.Thread] = asyncio.Queue()

    in_thread(lambda: call_from_thread(loop, lambda: threads.put_nowait(threading.current_thread())))

    assert threading.current_thread() is await threads.get()


@pytest.mark.parametrize("outcome", [None, 0, "", ()])
async def test_any_value_is_a_result(outcome: object) -> None:
    future = asyncio.get_running_loop().create_future()

    settle(future, outcome)

    assert outcome == await future
