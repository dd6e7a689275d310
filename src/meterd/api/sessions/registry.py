"""Sessions as callers find them: those that they may see, or write to."""

from collections.abc import AsyncIterator, Collection, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from meterd.access import Caller
from meterd.access.ownership import may_see, may_write
from meterd.api.sessions.active import ActiveSession
from meterd.api.sessions.model import Session
from meterd.api.sessions.repository import Repository
from meterd.errors import NotFound
from meterd.settings import Sessions as Settings

_PAGE = 500


class Found(NamedTuple):
    """Sessions that a caller may see, out of so many, which began at these times, the newest first."""

    sessions: list[Session]
    times: list[datetime]


class Registry:
    """Finds sessions for callers.

    Attributes:
        timeout: silence after which a session that beat is suspended.
    """

    def __init__(self, repository: Repository, settings: Settings) -> None:
        self._repository = repository
        self.timeout = timedelta(seconds=settings.heartbeat_timeout)

    async def find(self, id_: str, caller: Caller, writes: bool = False) -> ActiveSession:
        """Return a session that the caller may see, or write to.

        Raises:
            NotFound: there is none; it does not tell whether others may see one.
        """
        active = await self._repository.find(id_)
        if active is None or not (may_write if writes else may_see)(caller, active.session):
            raise NotFound("Session not found")
        return self._repository.use(active)

    async def find_many(self, ids: Collection[str], caller: Caller) -> dict[str, ActiveSession]:
        """Return those of the sessions that the caller may write to, by their ids."""
        found = await self._repository.find_many(ids)
        writable = [active for active in found if may_write(caller, active.session)]
        return {active.session.id: self._repository.use(active) for active in writable}

    async def follow(self) -> None:
        """Return when what is saved of sessions follows all that was written to them."""
        await self._repository.catch_up()
        await self._repository.save()

    def newest(self, since: datetime | None, before: datetime | None, caller: Caller) -> Iterator[Found]:
        """Yield saved sessions that began since a time and before another, the newest first; blocking."""
        for found in self._repository.newest(caller.tenant, since, before, _PAGE):
            visible = [session for session in found if may_see(caller, session)]
            yield Found(visible, [session.created_at for session in found])

    async def pages(
        self, after: tuple[datetime, str] | None, size: int, caller: Caller
    ) -> AsyncIterator[list[Session]]:
        """Yield sessions that the caller may see, in the order of their creation, some at a time."""
        await self.follow()
        while True:
            found = await self._repository.page(caller.tenant, after, size)
            yield [session for session in found if may_see(caller, session)]
            if len(found) < size:
                return
            after = (found[-1].created_at, found[-1].id)
