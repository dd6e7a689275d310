"""Ranges of time, as clients ask for them (`docs/specifications/usage-metrics.md` 12).

    range = name "(" date ["," date] ["," zone] ")" | "last" "(" n ")" | date
    name  = "from" | "between" | "within"

Names of functions are compared without case. Blanks are allowed around the range and its arguments.
"""

from datetime import UTC, datetime

import msgspec

from meterd.calendars.dates import read_date, read_existing_date, read_zone
from meterd.calendars.local import SECOND
from meterd.expressions.scanner import Scanner

_DATES = {"from": 1, "between": 2, "within": 1}
"""Functions of dates, and of how many; a zone may follow them."""
_FUNCTIONS = "from(date), between(date,date), within(date), each with a zone as last argument, or last(n)"
_LATEST = datetime.max.replace(microsecond=0, tzinfo=UTC)


class Range(msgspec.Struct, frozen=True):
    """A range of observations: seconds from `start` to `end`, both included, or the `last` observations.

    Bounds are aware, in UTC, whole seconds; None is open.
    """

    start: datetime | None = None
    end: datetime | None = None
    last: int | None = None

    @property
    def before(self) -> datetime | None:
        """The exclusive end: the second after `end`; None when there is none, or no later time can be expressed."""
        return None if self.end in (None, _LATEST) else self.end + SECOND


def parse_range(text: str, now: datetime) -> Range:
    """Read a range.

    Args:
        text: the range, already decoded from its URL.
        now: what date rules are reckoned from, aware.

    Raises:
        ExpressionError: it can't be read, ends before it starts, or lies outside the years 1 to 9999.
    """
    scanner = Scanner("range", text).section("")
    start = scanner.position
    name = scanner.letters()
    if not scanner.take("("):
        scanner.position = start
        date = read_existing_date(scanner, now, UTC)
        return Range(date.start, date.end)
    function = name.lower()
    if function == "last":
        return Range(last=_read_last(scanner))
    if function not in _DATES:
        raise scanner.error(f"there is no function {name!r}; allowed are {_FUNCTIONS}", start)
    return _read_dates(scanner, function, now)


def _read_last(scanner: Scanner) -> int:
    """Take the argument of `last` and what ends the range."""
    (argument,) = _read_arguments(scanner, "one number", 1, 1)
    last = argument.number("number of observations", 1)
    argument.expect_end()
    return last


def _read_dates(scanner: Scanner, function: str, now: datetime) -> Range:
    """Take the arguments of a function of dates and what ends the range."""
    count = _DATES[function]
    *dates, last = _read_arguments(scanner, f"{count} date{'s'[: count - 1]} and perhaps a zone", count, count + 1)
    if len(dates) == count:
        zone = read_zone(last)
    else:
        zone = UTC
        dates.append(last)
    if function == "within":
        date = read_existing_date(dates[0], now, zone)
        return Range(date.start, date.end)
    end_position = dates[-1].position
    bounds = [read_date(date, now, zone) for date in dates]
    if function == "from":
        return Range(bounds[0].start)
    start, end = bounds[0].start, bounds[1].end
    if start > end:
        raise scanner.error(f"the range ends at {end:%Y-%m-%dT%H:%M:%SZ}, before its start", end_position)
    return Range(start, end)


def _read_arguments(scanner: Scanner, wanted: str, minimum: int, maximum: int) -> list[Scanner]:
    """Take arguments up to the closing parenthesis, which must end the range: a scanner of each."""
    arguments = [scanner.section(",)")]
    while scanner.take(","):
        arguments.append(scanner.section(",)"))
    closing = scanner.position
    if not scanner.take(")"):
        raise scanner.error("expected , or ) after the argument")
    if not minimum <= len(arguments) <= maximum:
        raise scanner.error(f"expected {wanted}, got {len(arguments)} arguments", closing)
    scanner.expect_end()
    return arguments
