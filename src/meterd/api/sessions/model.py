"""A session as it is now, and how facts change it (`docs/specifications/sessions.md` section 3.3)."""

from datetime import datetime, timedelta

import msgspec

from meterd.api.sessions.bodies import JSONObject

HUNG, RECOVERED, CRASH_DETECTED = "application_appears_hung", "application_recovered", "session_crashed_detected"
_WHOLE_AFTER = timedelta(hours=1)
"""Facts are forgotten by their age: what is needed to know a state is not much older than it."""
_COST = 1000
"""Bytes of a fact beside its state, about."""
HANG_EVENTS = {HUNG: True, RECOVERED: False}


class Session(msgspec.Struct):
    """A session without its collections. Times are in UTC, as the server's clock had them.

    `position` is that of the last change that it follows. `whole_at` is when a fact held the whole state, and
    `since_whole` what updates since then have cost, in bytes. `heard` is the position of the last event that said
    whether it hangs.
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
    state: JSONObject = {}
    position: int = 0
    whole_at: datetime | None = None
    since_whole: int = 0
    heard: int = 0

    def is_suspended(self, now: datetime, timeout: timedelta) -> bool:
        """Tell whether it is silent, which counts after a first heartbeat and while nothing else ended the session.

        A heartbeat that lies ahead, of a clock that was wrong, is no sign of life.
        """
        if self.crashed or self.ended_at or self.last_heartbeat is None:
            return False
        return abs(now - self.last_heartbeat) > timeout

    def is_stored_as_update(self, update: int, whole: int, now: datetime) -> bool:
        """Tell whether it suffices that a fact holds an update of so many bytes, and not the whole state.

        Facts cost no more than about twice what was sent, and little is read to know what the state was.
        """
        if self.whole_at is None or abs(now - self.whole_at) > _WHOLE_AFTER:
            return False
        return self.since_whole + _COST + update < whole

    def count_stored(self, at: datetime, update: int | None) -> None:
        """Take into account that a fact holds the whole state, or an update of so many bytes."""
        if update is None:
            self.whole_at, self.since_whole = at, 0
        else:
            self.since_whole += _COST + update

    def apply(
        self, change: str, position: int | None, at: datetime, happened: datetime, state: dict[str, object] | None
    ) -> None:
        """Follow a change that arrived `at` a time, when it is recorded or when facts are replayed.

        By whatever clock it `happened`: a session ends no earlier than it began and last beat, and not after that
        arrived.
        """
        self.updated_at = at
        self.position = position or self.position
        match change:
            case "state":
                self.state = state or {}
            case "heartbeat":
                self.last_heartbeat = min(at, max(self.last_heartbeat or happened, happened))
            case "end":
                self.ended_at = self._end(at, happened)
            case "crash":
                self.ended_at, self.crashed, self.hung = self._end(at, happened), True, False
            case "abandoned":
                self.crashed = True

    def _end(self, at: datetime, happened: datetime) -> datetime:
        return min(at, max(self.created_at, self.last_heartbeat or happened, happened))

    def apply_event(self, event: str, position: int | None, at: datetime) -> None:
        """Follow an event: two names drive `hung`, of which the one that has the last position counts."""
        self.updated_at = at
        if event in HANG_EVENTS and (position or self.heard) >= self.heard:
            self.hung, self.heard = HANG_EVENTS[event], position or self.heard
