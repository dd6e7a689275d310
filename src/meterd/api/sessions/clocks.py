"""Clocks of senders, which may be wrong: what the times that they send are by the clock of this server."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from meterd.api.http import Request
from meterd.api.sessions.bodies import parse_stamp
from meterd.errors import InvalidInput

SENT_AT = "X-Meterd-Sent-At"
_HEADER = SENT_AT.lower().encode()
_DELIVERY = timedelta(seconds=2)
"""A difference that may come of delivery alone: by no more the times of events, points and updates are not moved."""


class Moment(NamedTuple):
    """A time as its sender wrote it, and what it is by the server's clock; None is when it arrives."""

    sent: str | None = None
    time: datetime | None = None


class SenderClock(NamedTuple):
    """The clock of who sends a request, and by how much it is behind the server's; None when that is not said."""

    behind: timedelta | None = None

    def moment(self, stamp: str | None) -> Moment:
        """Return when something happened. Raises `InvalidInput` when the time is none."""
        time = parse_stamp(stamp)
        if time is None or self.behind is None or abs(self.behind) <= _DELIVERY:
            return Moment(stamp, time)
        return Moment(stamp, _moved(time, self.behind))

    def sign_of_life(self, stamp: str | None) -> Moment:
        """Return when an application was alive: at its arrival, unless the sender says how long ago that was.

        Raises `InvalidInput` when the time is none.
        """
        time = parse_stamp(stamp)
        return Moment(stamp, None if time is None or self.behind is None else _moved(time, self.behind))


ARRIVAL = Moment()
UNKNOWN_CLOCK = SenderClock()


def clock_of(request: Request) -> SenderClock:
    """Return the clock of who sends a request, by the time of sending in its header. Raises `InvalidInput`."""
    text = request.header(_HEADER)
    if text is None:
        return UNKNOWN_CLOCK
    try:
        sent = parse_stamp(text)
    except InvalidInput:
        sent = None
    if sent is None:
        raise InvalidInput(f"{SENT_AT} must be a time in RFC 3339 with an offset, such as 2026-01-31T12:00:00Z")
    return SenderClock(datetime.now(UTC) - sent)


def _moved(time: datetime, by: timedelta) -> datetime:
    """Return a time of a sender by the server's clock: nothing that arrived has still to happen."""
    now = datetime.now(UTC)
    try:
        return min(time + by, now)
    except OverflowError:
        return min(time, now)
