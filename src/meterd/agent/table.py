"""The sessions that the agent looks after."""

from collections.abc import Iterable

import msgspec

from meterd.agent.aggregates import Aggregate
from meterd.agent.errors import Refused
from meterd.agent.sessions import ActiveSession, Session
from meterd.agent.spool import Spool

_NOT_FOUND = "Session not found"


class SessionTable:
    """Finds sessions by their own id and by the server's."""

    def __init__(self, spools: Iterable[Spool]) -> None:
        self._sessions: dict[str, ActiveSession] = {}
        for spool in spools:
            self._load(spool)

    def _load(self, spool: Spool) -> None:
        for document in spool.sessions():
            session = msgspec.json.decode(document, type=Session)
            active = ActiveSession(session, spool)
            self.add(active)
            if session.server_id:
                self.add_server_id(active, session.server_id)
        for id_, document in spool.aggregates():
            aggregate = msgspec.json.decode(document, type=Aggregate)
            self._sessions[id_].aggregates[aggregate.key] = aggregate

    def add(self, active: ActiveSession) -> None:
        """Look after a session that is new to the agent."""
        self._sessions[active.session.id] = active

    def add_server_id(self, active: ActiveSession, server_id: str) -> None:
        """Learn what the server calls a session."""
        active.session.server_id = server_id
        self._sessions[server_id] = active

    @property
    def all(self) -> list[ActiveSession]:
        """Every session once."""
        return [active for id_, active in self._sessions.items() if id_ == active.session.id]

    @property
    def running(self) -> list[ActiveSession]:
        """Sessions that have not ended."""
        return [active for active in self.all if not active.has_ended]

    def find(self, id_: str, user: int) -> ActiveSession:
        """Return a session that this user began here; of others the agent knows nothing, whatever its token may read.

        Raises:
            Refused: there is none (404).
        """
        active = self._sessions.get(id_)
        if active is None or active.session.user != user:
            raise Refused(404, _NOT_FOUND)
        return active

    def find_running(self, id_: str, user: int) -> ActiveSession:
        """Return what `find` does, unless the session has ended.

        Raises:
            Refused: there is none, or it has ended (404).
        """
        active = self.find(id_, user)
        if active.has_ended:
            raise Refused(404, _NOT_FOUND)
        return active
