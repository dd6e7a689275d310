"""Who may go on, when more want to than there are places: everybody in turn, by tenant and then by subject."""

import asyncio
from collections import Counter, deque
from typing import NamedTuple

from meterd.access import Caller
from meterd.errors import Unavailable


class Share(NamedTuple):
    """Whom work is for; the service itself has no tenant."""

    tenant: str = ""
    subject: str = ""


def share_of(caller: Caller | None) -> Share:
    return Share(caller.tenant, f"{caller.subject_type}:{caller.subject}") if caller else Share()


class Turns:
    """Gives `places` to those who ask, and lets at most `maximum` wait. For one event loop.

    The next place goes to the tenant, and in it to the subject, that has the fewest; of several to the one whose turn
    was longest ago. The last free place is kept for those who have none, so that nobody holds all of them.
    """

    def __init__(self, places: int, maximum: int) -> None:
        self._places = places
        self._maximum = maximum
        self._holding: Counter[Share] = Counter()
        self._tenants: Counter[str] = Counter()
        self._waiting: dict[str, dict[Share, deque[asyncio.Future[None]]]] = {}

    @property
    def waiting(self) -> int:
        return sum(len(queue) for subjects in self._waiting.values() for queue in subjects.values())

    @property
    def taken(self) -> int:
        return self._holding.total()

    async def take(self, share: Share) -> None:
        """Return when it is the turn of `share`, which must `give_back` its place.

        Raises `Unavailable` when too many wait: the last to come of those who have the most waiting.
        """
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(share.tenant, {}).setdefault(share, deque()).append(turn)
        self._serve()
        if self.waiting > self._maximum:
            self._refuse()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give_back(share)
            else:
                self._remove(share, turn)
            raise

    def give_back(self, share: Share) -> None:
        self._holding -= Counter([share])
        self._tenants -= Counter([share.tenant])
        self._serve()

    def _serve(self) -> None:
        while (share := self._next()) is not None:
            turn = self._waiting[share.tenant][share][0]
            self._remove(share, turn)
            self._to_the_end(share)
            self._holding[share] += 1
            self._tenants[share.tenant] += 1
            turn.set_result(None)

    def _next(self) -> Share | None:
        """Who gets the next place, if there is one."""
        free = self._places - self.taken
        if free <= 0:
            return None
        everyone = (share for subjects in self._waiting.values() for share in subjects)
        is_kept = free == 1 and self._places > 1
        candidates = (share for share in everyone if not (is_kept and self._holding[share]))
        return min(candidates, key=lambda share: (self._tenants[share.tenant], self._holding[share]), default=None)

    def _refuse(self) -> None:
        subjects = max(self._waiting.values(), key=lambda each: sum(map(len, each.values())))
        share = max(subjects, key=lambda each: len(subjects[each]))
        turn = subjects[share][-1]
        self._remove(share, turn)
        turn.set_exception(Unavailable("too many requests like this wait already (query.max-waiting), try again", 2))

    def _remove(self, share: Share, turn: asyncio.Future[None]) -> None:
        subjects = self._waiting.get(share.tenant, {})
        queue = subjects.get(share, deque())
        if turn in queue:
            queue.remove(turn)
            if not queue:
                del subjects[share]
            if not subjects:
                del self._waiting[share.tenant]

    def _to_the_end(self, share: Share) -> None:
        """Let others come first who have as many places."""
        subjects = self._waiting.pop(share.tenant, None)
        if subjects:
            self._waiting[share.tenant] = subjects
            if share in subjects:
                subjects[share] = subjects.pop(share)
