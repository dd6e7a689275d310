import asyncio
from collections.abc import Iterable

import pytest

from meterd.errors import Unavailable
from meterd.query.fair_queue import FairQueue, Share

ANN, BOB, EVE = Share("acme", "ann"), Share("acme", "bob"), Share("rival", "eve")


class Row:
    """Who waits at a fair queue, and who got a slot, in that order."""

    def __init__(self, slots: int, maximum: int = 100) -> None:
        self.queue = FairQueue(slots, maximum)
        self.served: list[Share] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def join(self, shares: Iterable[Share]) -> None:
        for share in shares:
            self.tasks.append(asyncio.create_task(self._take(share)))
            await asyncio.sleep(0)

    async def _take(self, share: Share) -> None:
        await self.queue.acquire(share)
        self.served.append(share)

    async def end(self, share: Share) -> None:
        self.queue.release(share)
        await asyncio.sleep(0.001)


async def test_no_more_shares_are_served_than_there_are_slots() -> None:
    row = Row(slots=1)
    await row.join([ANN, BOB, EVE])

    assert ([ANN], 1, 2) == (row.served, row.queue.taken, row.queue.waiting)


async def test_the_next_slot_goes_to_the_tenant_with_the_fewest_then_to_the_subject() -> None:
    row = Row(slots=1)
    await row.join([ANN, ANN, ANN, ANN, BOB, EVE, EVE])
    for _ in range(6):
        await row.end(row.served[-1])

    assert [ANN, ANN, EVE, BOB, EVE, ANN, ANN] == row.served


async def test_one_subject_never_holds_all_slots() -> None:
    row = Row(slots=3)
    await row.join([ANN] * 60)
    assert [ANN, ANN] == row.served

    await row.join([EVE])
    assert [ANN, ANN, EVE] == row.served


async def test_who_has_no_slot_gets_the_last_one_whoever_else_waits() -> None:
    row = Row(slots=4)
    await row.join([ANN, EVE, EVE])
    await row.join([ANN, EVE, BOB])

    assert [ANN, EVE, EVE, BOB] == row.served


async def test_when_too_many_wait_the_last_of_those_with_the_most_is_refused() -> None:
    row = Row(slots=1, maximum=3)
    await row.join([ANN, ANN, ANN, ANN])

    await row.join([EVE])

    with pytest.raises(Unavailable, match=r"query\.max-waiting"):
        await row.tasks[3]
    assert 3 == row.queue.waiting


async def test_who_leaves_waits_no_longer() -> None:
    row = Row(slots=1)
    await row.join([ANN, BOB, EVE])
    row.tasks[2].cancel()
    await asyncio.sleep(0)

    await row.end(ANN)

    assert ([ANN, BOB], 0) == (row.served, row.queue.waiting)


async def test_a_slot_that_was_given_to_someone_who_left_at_that_moment_is_free_again() -> None:
    row = Row(slots=1)
    await row.join([ANN, BOB, EVE])

    row.queue.release(ANN)
    row.tasks[1].cancel()
    await asyncio.sleep(0.001)

    assert ([ANN, EVE], 1) == (row.served, row.queue.taken)


async def test_no_slot_is_given_to_whoever_was_just_cancelled() -> None:
    row = Row(slots=1)
    await row.join([ANN, BOB, EVE])

    row.tasks[1].cancel()
    row.tasks[2].cancel()
    row.queue.release(ANN)  # before either can leave the queue

    await asyncio.wait(row.tasks)
    assert (0, 0) == (row.queue.taken, row.queue.waiting)
    await row.join([BOB])
    assert [ANN, BOB] == row.served


async def test_whoever_is_refused_may_have_been_cancelled_just_then() -> None:
    row = Row(slots=1, maximum=1)
    await row.join([ANN, BOB])

    joining = asyncio.create_task(row.queue.acquire(EVE))  # one too many waits, before that one can leave the queue
    row.tasks[1].cancel()
    await asyncio.wait(row.tasks)
    await row.end(ANN)
    await joining

    assert (1, 0) == (row.queue.taken, row.queue.waiting)
