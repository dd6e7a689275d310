"""Dates as they are written in ranges and filters: each stands for a period (`docs/specifications/usage-metrics.md`
12).

    date   = iso | tenor | rule
    iso    = yyyy ["-" MM ["-" dd ["T" HH [":" mm [":" ss ["." fraction]]]]]] [suffix]
    suffix = "Z" | ("+" | "-") HH [[":"] mm] | "[" zone "]"      "Z" and offsets only after a time

A fraction of a second is dropped. Digits are ASCII. Tenors and rules have modules of their own.
"""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

from meterd.calendars.local import Period, last_of_month, period
from meterd.calendars.rules import read_rule
from meterd.calendars.tenors import read_tenor
from meterd.calendars.zones import zone_of
from meterd.expressions.scanner import Scanner

_FIELDS = (("-", "month", 12), ("-", "day", 31), ("T", "hour", 23), (":", "minute", 59), (":", "second", 59))
_FIRST = (1, 1, 1, 0, 0, 0)
_LAST = (9999, 12, 31, 23, 59, 59)
_YEAR_AND_MONTH, _YEAR_TO_HOUR, _YEAR_TO_SECOND = 2, 4, 6


def parse_date(text: str, now: datetime, zone: tzinfo = UTC) -> Period:
    """Return the first and the last second of a date; blanks around it are allowed.

    Args:
        text: an ISO date or time, a tenor or a date rule.
        now: what date rules are reckoned from, aware.
        zone: the zone the text is written in, unless it names one itself.

    Raises:
        ExpressionError: it can't be read, leads beyond the years 1 to 9999, or doesn't exist in its zone.
    """
    scanner = Scanner("date", text).section("")
    return read_existing_date(scanner, now, zone)


def read_existing_date(scanner: Scanner, now: datetime, zone: tzinfo) -> Period:
    """Read a date as `read_date` does; a time that clocks skip is an error."""
    start = scanner.position
    date = read_date(scanner, now, zone)
    if date.start > date.end:
        raise scanner.error("this time doesn't exist: the clocks of its zone skip it", start)
    return date


def read_date(scanner: Scanner, now: datetime, zone: tzinfo) -> Period:
    """Take a date, which must be all that is left.

    A period that clocks skip is empty; as a bound it is the instant of the change.

    Raises:
        ExpressionError: as `parse_date`.
    """
    scanner.part = "date"
    start = scanner.position
    try:
        date = _read(scanner, now, zone)
    except OverflowError:
        raise scanner.error("this lies outside the years 1 to 9999", start) from None
    scanner.expect_end()
    return date


def _read(scanner: Scanner, now: datetime, zone: tzinfo) -> Period:
    if scanner.next in ("T", "t"):
        return read_rule(scanner, now, zone)
    if not scanner.at_digit:
        raise scanner.error(
            "expected a date such as 2024-10-12T11:36:24, a tenor such as 2024M10 or a date rule such as T-1D; "
            "gas periods (G...) and custom ones (C...) are not supported"
        )
    year = scanner.number("year", 1, 9999, width=4)
    return read_tenor(scanner, year, zone) if scanner.at_letter else _read_iso(scanner, year, zone)


def _read_iso(scanner: Scanner, year: int, zone: tzinfo) -> Period:
    """Take what follows the year of an ISO date."""
    fields = [year]
    for separator, name, maximum in _FIELDS:
        if not scanner.take(separator):
            break
        if name == "day":
            maximum = _last_day(fields)
        fields.append(scanner.number(name, _FIRST[len(fields)], maximum, width=2))
    count = len(fields)
    if count == _YEAR_TO_SECOND and scanner.take("."):
        scanner.number("fraction", 0)
    zone = _read_suffix(scanner, zone, timed=count >= _YEAR_TO_HOUR)
    last = [*fields, _last_day(fields)] if count == _YEAR_AND_MONTH else fields
    return period(_local(fields, _FIRST), _local(last, _LAST), zone)


def _last_day(fields: list[int]) -> int:
    year, month = fields
    return last_of_month(datetime(year, month, 1)).day  # noqa: DTZ001 - a day of the calendar


def _local(fields: list[int], rest: tuple[int, ...]) -> datetime:
    year, month, day, hour, minute, second = (*fields, *rest[len(fields) :])
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - local time, its zone follows


def _read_suffix(scanner: Scanner, zone: tzinfo, *, timed: bool) -> tzinfo:
    """Take the zone or the offset at the end; without one, the given zone stays."""
    if scanner.take("["):
        name = scanner.section("]")
        zone = read_zone(name)
        if not scanner.take("]"):
            raise scanner.error("expected ] after the zone")
    elif timed and scanner.take("Z"):
        zone = UTC
    elif timed and scanner.next in ("+", "-"):
        sign = -1 if scanner.take("-") else 1
        scanner.take("+")
        zone = timezone(sign * _read_offset(scanner))
    return zone


def _read_offset(scanner: Scanner) -> timedelta:
    hours = scanner.number("hours of the offset", 0, 23, width=2)
    minutes = scanner.number("minutes of the offset", 0, 59, width=2) if scanner.take(":") or scanner.at_digit else 0
    return timedelta(hours=hours, minutes=minutes)


def read_zone(scanner: Scanner) -> tzinfo:
    """Take the name of a zone, which must be all that is left. Raises `ExpressionError` when there is no such zone."""
    scanner.part = "zone"
    start = scanner.position
    try:
        return zone_of(scanner.rest())
    except ValueError as error:
        raise scanner.error(str(error), start) from None
