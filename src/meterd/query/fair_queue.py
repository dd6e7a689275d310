"""A fair queue: slots go to tenants, and in them to subjects, in turn."""

import asyncio
from collections import Counter, deque
from typing import NamedTuple

from meterd.access import Caller
from meterd.errors import Unavailable
from meterd.futures import settle


class Share(NamedTuple):
    """A tenant and subject among whom slots are shared; the service itself has no tenant."""

    tenant: str = ""
    subject: str = ""


def share_of(caller: Caller | None) -> Share:
    """Return the share that a caller's work belongs to."""
    return Share(caller.tenant, f"{caller.subject_type}:{caller.subject}") if caller else Share()


class FairQueue:
    """Gives `slots` to those who ask, and lets at most `maximum` wait. For one event loop.

    The next slot goes to the tenant, and in it to the subject, that has the fewest; of several to the one that has
    waited longest since its last. The last free slot is kept for those who have none, so that nobody holds all of them.
    """

    def __init__(self, slots: int, maximum: int) -> None:
        self._slots = slots
        self._maximum = maximum
        self._holding: Counter[Share] = Counter()
        self._tenants: Counter[str] = Counter()
        self._waiting: dict[str, dict[Share, deque[asyncio.Future[None]]]] = {}

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return sum(len(queue) for subjects in self._waiting.values() for queue in subjects.values())

    @property
    def taken(self) -> int:
        """Slots that are held."""
        return self._holding.total()

    async def acquire(self, share: Share) -> None:
        """Wait for a slot of `share`, which must `release` it.

        Raises `Unavailable` when too many wait: the last to come of those who have the most waiting.
        """
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(share.tenant, {}).setdefault(share, deque()).append(waiter)
        self._grant()
        if self.waiting > self._maximum:
            self._refuse()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.release(share)
            else:
                self._remove(share, waiter)
            raise

    def release(self, share: Share) -> None:
        """Give a slot back."""
        self._holding -= Counter([share])
        self._tenants -= Counter([share.tenant])
        self._grant()

    def _grant(self) -> None:
        while (share := self._next()) is not None:
            waiter = self._waiting[share.tenant][share][0]
            self._remove(share, waiter)
            if waiter.done():  # it was cancelled, and could not say so yet
                continue
            self._move_to_end(share)
            self._holding[share] += 1
            self._tenants[share.tenant] += 1
            waiter.set_result(None)

    def _next(self) -> Share | None:
        """Return who gets the next slot, if there is one."""
        free = self._slots - self.taken
        if free <= 0:
            return None
        everyone = (share for subjects in self._waiting.values() for share in subjects)
        is_kept = free == 1 and self._slots > 1
        candidates = (share for share in everyone if not (is_kept and self._holding[share]))
        return min(candidates, key=lambda share: (self._tenants[share.tenant], self._holding[share]), default=None)

    def _refuse(self) -> None:
        subjects = max(self._waiting.values(), key=lambda each: sum(map(len, each.values())))
        share = max(subjects, key=lambda each: len(subjects[each]))
        waiter = subjects[share][-1]
        self._remove(share, waiter)
        settle(waiter, Unavailable("too many requests like this wait already (query.max-waiting), try again", 2))

    def _remove(self, share: Share, waiter: asyncio.Future[None]) -> None:
        subjects = self._waiting.get(share.tenant, {})
        queue = subjects.get(share, deque())
        if waiter in queue:
            queue.remove(waiter)
            if not queue:
                del subjects[share]
            if not subjects:
                del self._waiting[share.tenant]

    def _move_to_end(self, share: Share) -> None:
        """Let others come first who have as many slots."""
        subjects = self._waiting.pop(share.tenant, None)
        if subjects:
            self._waiting[share.tenant] = subjects
            if share in subjects:
                subjects[share] = subjects.pop(share)
