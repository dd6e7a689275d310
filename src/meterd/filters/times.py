"""Times as they are written in a filter: a text covers a period as long as its last part says."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from meterd.calendars.dates import parse_date

_FRACTION = re.compile(r"(.*:[0-9]{2})\.([0-9]{1,6})[0-9]*(.*)", re.DOTALL)
_SECOND = timedelta(seconds=1)


class Period(msgspec.Struct, frozen=True):
    """A period of time, half-open, in UTC."""

    start: datetime
    end: datetime


def period(text: str, now: datetime) -> Period:
    """Return the period that a date covers, in UTC if it names no zone.

    `2024-10-12` is that day and `2024-10-12T11:36:24` that second (`docs/specifications/usage-metrics.md` section 12);
    milliseconds, as in the JSON of records, stand for one millisecond.

    Args:
        now: what date rules are reckoned from.

    Raises:
        ExpressionError: the text is no date.
        OverflowError: it ends after the year 9999.
    """
    fraction = _FRACTION.fullmatch(text)
    if not fraction:
        date = parse_date(text, now)
        return Period(date.start, date.end + _SECOND)
    before, digits, after = fraction.groups()
    start = parse_date(before + after, now).start.replace(microsecond=int(digits.ljust(6, "0")))
    return Period(start, start + timedelta(microseconds=10 ** (6 - len(digits))))


def instant(text: str) -> datetime | None:
    """Return the time that a value of a document is, in UTC if it names no zone; None if it is no ISO 8601 time."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
