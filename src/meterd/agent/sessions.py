"""A session as the agent knows it: what is kept on disk, and what belongs to the running agent only."""

import asyncio
import os
import time
from datetime import UTC, datetime

import msgspec

from meterd.agent.aggregates import Aggregate
from meterd.agent.bodies import JSONObject
from meterd.agent.processes import Process
from meterd.agent.spool import Spool, Statement, save_session


class Session(msgspec.Struct):
    """A session as it is kept on disk. `server_id` is known once the server has it; `user` is who began it.

    Times are RFC 3339, `last_heartbeat` is in Unix seconds.
    """

    id: str
    product: str
    version: str
    created_at: str
    updated_at: str
    machine_id: str
    hostname: str
    state: JSONObject
    parent: Process | None = None
    server_id: str | None = None
    last_heartbeat: float | None = None
    paused: bool = False
    hung: bool = False
    ended_at: str | None = None
    user: int = msgspec.field(default_factory=os.getuid)

    def stub(self) -> dict[str, object]:
        """Make the document of a session that the server can't be asked about (`docs/specifications/sessions.md`
        section 8.1).
        """
        document: dict[str, object] = {
            "id": self.server_id or self.id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "active": self.ended_at is None,
            "state": self.state,
            "events": [],
            "metrics": [],
        }
        return document | ({"ended_at": self.ended_at} if self.ended_at else {})


class ActiveSession:
    """A session that the agent looks after: where it is kept, and what is going on with it.

    Attributes:
        last_heartbeat: when the application last beat, on the monotonic clock.
        last_reported: when the server was last told that the application lives, on the monotonic clock.
        heartbeat_wanted: whether the server is to be told that again.
        delivery_wanted: whether something waits in the queue that the running delivery may not have seen.
        last_delivered: number of the last item that the server has.
    """

    def __init__(self, session: Session, spool: Spool) -> None:
        self.session = session
        self.spool = spool
        self.aggregates: dict[str, Aggregate] = {}
        self.last_heartbeat = time.monotonic()
        self.last_reported = float("-inf")
        self.heartbeat_wanted = False
        self.delivery_wanted = False
        self.last_delivered = 0
        self.delivery: asyncio.Task[None] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the application ended it, or is gone."""
        return self.session.ended_at is not None

    @property
    def is_reported_by_agent(self) -> bool:
        """Whether the agent says that the application lives: it never beat, or said that it won't for a while."""
        return self.session.last_heartbeat is None or self.session.paused

    @property
    def alive_at(self) -> str:
        """When the application was last known to live."""
        silence = 0.0 if self.is_reported_by_agent else time.monotonic() - self.last_heartbeat
        return stamp(time.time() - silence)

    def saved(self) -> Statement:
        """Make the statement that keeps the session as it is now."""
        self.session.updated_at = now()
        return save_session(self.session.id, msgspec.json.encode(self.session), self.has_ended)


def now() -> str:
    """Return the time as RFC 3339 in UTC, to the microsecond."""
    return stamp(time.time())


def stamp(seconds: float) -> str:
    """Write a Unix time as `now` does."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
