"""A session as the agent knows it: what is kept on disk, and what belongs to the running agent only."""

import asyncio
import os
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from meterd.agent.aggregates import Aggregate
from meterd.agent.processes import Process
from meterd.agent.spool import Spool, Statement, save_session


class Session(msgspec.Struct):
    """Kept on disk. `server_id` is known once the server has it; `user` is the id of who began it.

    Times are RFC 3339, `last_heartbeat` is in Unix seconds.
    """

    id: str
    product: str
    version: str
    created_at: str
    updated_at: str
    machine_id: str
    hostname: str
    state: dict[str, Any]
    parent: Process | None = None
    server_id: str | None = None
    last_heartbeat: float | None = None
    paused: bool = False
    hung: bool = False
    ended_at: str | None = None
    user: int = msgspec.field(default_factory=os.getuid)

    def stub(self) -> dict[str, Any]:
        """The document of a session that the server can't be asked about (`docs/specifications/sessions.md` section
        8.1).
        """
        document: dict[str, Any] = {
            "id": self.server_id or self.id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "active": self.ended_at is None,
            "state": self.state,
            "events": [],
            "metrics": [],
        }
        return document | ({"ended_at": self.ended_at} if self.ended_at else {})


class Live:
    """A session, where it is kept, and what is going on with it.

    `heard` and `told` are moments of the monotonic clock: the application's last heartbeat, and ours to the server.
    """

    def __init__(self, session: Session, spool: Spool) -> None:
        self.session = session
        self.spool = spool
        self.aggregates: dict[str, Aggregate] = {}
        self.heard = time.monotonic()
        self.told = float("-inf")
        self.beat_wanted = False
        self.delivery_wanted = False
        self.delivered = 0
        self.delivery: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        return self.session.ended_at is not None

    @property
    def is_spoken_for(self) -> bool:
        """Whether the agent says that the application lives: it never beat, or said that it won't for a while."""
        return self.session.last_heartbeat is None or self.session.paused

    @property
    def alive_at(self) -> str:
        """When the application was last known to live."""
        silence = 0.0 if self.is_spoken_for else time.monotonic() - self.heard
        return stamp(time.time() - silence)

    def saved(self) -> Statement:
        self.session.updated_at = now()
        return save_session(self.session.id, msgspec.json.encode(self.session), self.is_over)


def now() -> str:
    """RFC 3339 in UTC, to the microsecond."""
    return stamp(time.time())


def stamp(seconds: float) -> str:
    """The same of a Unix time."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
