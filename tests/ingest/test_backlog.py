import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from meterd.errors import Unavailable
from meterd.ingest.backlog import BATCH_BYTES, Backlog

NOBODY_WAITS_SO_LONG = 60.0


def backlog(left: int = 0, kept: int = 0, end: int = 0, watermark: int = 0, checkpoint_bytes: int = 2**30) -> Backlog:
    """Of a journal with `left` bytes above the watermark, and `kept` below it."""
    return Backlog(lambda after, _until: kept if after < watermark else left, end, watermark, checkpoint_bytes)


def test_what_a_start_finds_is_counted() -> None:
    found = backlog(left=300, kept=20, end=7, watermark=4)

    assert (found.end, found.watermark, found.lag) == (7, 4, 3)
    assert (found.size, found.uncheckpointed_bytes) == (300, 20)


def test_bytes_go_from_the_journal_to_the_store_and_under_a_checkpoint() -> None:
    counted = backlog()
    sizes = []
    steps: tuple[Callable[[], object], ...] = (
        lambda: counted.committed(1, 100),
        lambda: counted.loaded(1, 100),
        counted.checkpointed,
    )
    for step in steps:
        step()
        sizes.append((counted.size, counted.uncheckpointed_bytes, counted.reserved_bytes))

    assert [(100, 0, 200), (0, 100, 200), (0, 0, 0)] == sizes


def test_no_more_is_reserved_than_a_checkpoint_leaves() -> None:
    counted = backlog(checkpoint_bytes=1000)

    counted.committed(1, 10**9)

    assert counted.reserved_bytes == 2000


def test_what_is_committed_while_it_is_counted_anew_counts_once() -> None:
    def measure(after: int, until: int) -> int:
        if after == 1 and counting.is_set():
            counted.committed(3, 50)  # as the journal thread may at any moment
        return 10 * (until - after)

    counting = threading.Event()
    counted = Backlog(measure, 2, 2, 2**30)
    counting.set()
    counted.restart(1)

    assert (counted.end, counted.watermark, counted.size, counted.uncheckpointed_bytes) == (3, 1, 10 + 50, 10)


def test_threads_that_commit_and_load_lose_no_byte() -> None:
    counted, rounds, threads = backlog(), 20_000, 4

    def commit(_: int) -> None:
        for _ in range(rounds):
            counted.committed(1, 2)

    def load(_: int) -> None:
        for _ in range(rounds):
            counted.loaded(1, 1)

    counted.committed(1, rounds * threads)  # nothing is loaded before it is committed
    with ThreadPoolExecutor(2 * threads) as pool:
        list(pool.map(commit, range(threads)))
        done = [pool.submit(work, n) for n in range(threads) for work in (commit, load)]
        for each in done:
            each.result()

    assert rounds * threads * (1 + 2 * 2 - 1) == counted.size
    assert rounds * threads == counted.uncheckpointed_bytes


class TestWaiting:
    async def test_for_nothing_takes_no_turn(self) -> None:
        await backlog(end=3, watermark=3).caught_up()

    async def test_ends_when_the_store_has_what_was_committed_before(self) -> None:
        counted = backlog()
        counted.committed(2, 10)
        waiting = asyncio.create_task(counted.caught_up())
        await asyncio.sleep(0)
        counted.committed(3, 10)

        counted.loaded(1, 5)
        await asyncio.sleep(0)
        assert not waiting.done()

        counted.loaded(2, 5)
        await waiting

    async def test_of_all_ends_with_a_refusal(self) -> None:
        counted = backlog(end=1)
        waiting = [asyncio.create_task(counted.caught_up()) for _ in range(3)]
        await asyncio.sleep(0)

        counted.refuse(Unavailable("not now"))

        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert ["not now"] * 3 == [str(outcome) for outcome in outcomes]

    async def test_that_was_given_up_disturbs_nobody(self) -> None:
        counted = backlog(end=1)
        gone, staying = (asyncio.create_task(counted.caught_up()) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone

        counted.loaded(1, 0)
        await staying


class TestTheLoadersRest:
    @pytest.mark.parametrize("cause", ["a query", "a batch", "the end"])
    async def test_ends_with(self, cause: str) -> None:
        counted = backlog()
        resting = asyncio.create_task(asyncio.to_thread(counted.wait, None, NOBODY_WAITS_SO_LONG))
        counted.committed(1, 1)
        if cause == "a query":
            query = asyncio.create_task(counted.caught_up())
        elif cause == "a batch":
            counted.committed(2, BATCH_BYTES)
        else:
            counted.close()

        async with asyncio.timeout(NOBODY_WAITS_SO_LONG / 2):
            await resting
        if cause == "a query":
            query.cancel()

    def test_of_nothing_ends_when_something_else_is_due(self) -> None:
        counted = backlog()

        counted.wait(0.01, NOBODY_WAITS_SO_LONG)

        assert counted.lag == 0
