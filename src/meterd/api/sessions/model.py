"""A session as it is now, and how facts change it (`docs/specifications/sessions.md` section 3.3)."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

HUNG, RECOVERED, CRASH_DETECTED = "application_appears_hung", "application_recovered", "session_crashed_detected"
HANG_EVENTS = {HUNG: True, RECOVERED: False}


class Session(msgspec.Struct):
    """What a document says apart from its collections. Times are in UTC, as the server's clock had them.

    `position` is that of the last change that it follows.
    """

    id: str
    tenant: str
    subject: str
    subject_type: str
    teams: tuple[str, ...]
    product: str
    version: str
    created_at: datetime
    updated_at: datetime
    machine_id: str | None = None
    hostname: str | None = None
    ended_at: datetime | None = None
    last_heartbeat: datetime | None = None
    crashed: bool = False
    hung: bool = False
    state: dict[str, Any] = {}
    position: int = 0

    def is_suspended(self, now: datetime, timeout: timedelta) -> bool:
        """Silence counts only after a first heartbeat, and only while nothing else ended the session.

        A heartbeat that lies ahead, of a clock that was wrong, is no sign of life.
        """
        if self.crashed or self.ended_at or self.last_heartbeat is None:
            return False
        return abs(now - self.last_heartbeat) > timeout

    def apply(
        self, change: str, position: int | None, at: datetime, happened: datetime, state: dict[str, Any] | None
    ) -> None:
        """Follow a change that arrived `at` a time; of a session that was replayed from facts or that is going on."""
        self.updated_at = at
        self.position = position or self.position
        match change:
            case "state":
                self.state = state or {}
            case "heartbeat":
                self.last_heartbeat = min(at, max(self.last_heartbeat or happened, happened))
            case "end":
                self.ended_at = happened
            case "crash":
                self.ended_at, self.crashed, self.hung = happened, True, False
            case "abandoned":
                self.crashed = True

    def heard(self, event: str, at: datetime) -> None:
        """Follow an event: two names drive `hung`."""
        self.updated_at = at
        self.hung = HANG_EVENTS.get(event, self.hung)
