"""Date rules: a time reckoned from now, such as `T-1MD1h0m0s0` (`docs/specifications/usage-metrics.md` 12.1).

Where the specification is silent:

- Years, quarters and months are one step, so the day is clamped once. Up to days it is the local calendar that moves;
  hours, minutes and seconds are time that passes, whatever the clocks do.
- Business days count from the day itself: from a Saturday, one back is Friday and one ahead is Monday.
- A day that the month or a week that the year doesn't have is its last one: `D31` is the end of any month.
- The week is one of the calendar year of the date.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from meterd.calendars.local import (
    Period,
    in_month,
    last_of_month,
    monday_of_week,
    moved_by_months,
    period,
    weeks_of_year,
)
from meterd.expressions.scanner import Scanner

_UNITS = "YQMWBDhms"
_ALSO = str.maketrans("yqwbd", "YQWBD")
_BUSINESS_DAYS_A_WEEK = 5
_SIGNS = {"+": 1, "-": -1, " ": 1}
"""A blank is a `+` that was not encoded in a URL."""


class _Field(NamedTuple):
    name: str
    minimum: int
    maximum: int
    width: int | None = None


_FIELDS = {
    "Y": _Field("year", 1, 9999, width=4),
    "Q": _Field("quarter", 1, 4),
    "M": _Field("month", 1, 12),
    "W": _Field("week", 1, 53),
    "D": _Field("day", 1, 31),
    "h": _Field("hour", 0, 23),
    "m": _Field("minute", 0, 59),
    "s": _Field("second", 0, 59),
}


def read_rule(scanner: Scanner, now: datetime, zone: tzinfo) -> Period:
    """Take a date rule: the second it names, with its fields as the clocks of the zone show them.

    Raises:
        ExpressionError: it isn't a date rule.
        OverflowError: it leads beyond the years 1 to 9999.
    """
    scanner.part = "date rule"
    if not (scanner.take("T") or scanner.take("t")):
        raise scanner.error("a date rule begins with T")
    amounts = _read_amounts(scanner)
    fields = _read_fields(scanner)
    reference = now.astimezone(UTC).replace(microsecond=0)
    moved = _move(Period(reference, reference), amounts, zone)
    if not fields:
        return moved
    local = _local(moved.start, zone)
    for unit, number in fields.items():
        local = _set(local, unit, number)
    return period(local, local, zone)


def _read_amounts(scanner: Scanner) -> dict[str, int]:
    """Return the relative part with its sign: amounts by unit, negative ones to go back."""
    sign = _SIGNS.get(scanner.next)
    if sign is None and scanner.at_digit:
        raise scanner.error("an amount needs a sign before it, + or -")
    if sign is not None:
        scanner.take(scanner.next)
    amounts: dict[str, int] = {}
    while scanner.at_digit:
        amount = scanner.number("amount", 0)
        amounts[_read_unit(scanner, _UNITS, amounts)] = (sign or 1) * amount
    return amounts


def _read_fields(scanner: Scanner) -> dict[str, int]:
    """Return the absolute part: numbers by unit."""
    fields: dict[str, int] = {}
    while scanner.at_letter:
        unit = _read_unit(scanner, "".join(_FIELDS), fields)
        field = _FIELDS[unit]
        fields[unit] = scanner.number(field.name, field.minimum, field.maximum, width=field.width)
    return fields


def _read_unit(scanner: Scanner, units: str, before: dict[str, int]) -> str:
    """Read one of the units, which comes after those that were read before."""
    unit = scanner.next.translate(_ALSO)
    if not unit or unit not in units or any(units.index(earlier) >= units.index(unit) for earlier in before):
        raise scanner.error(f"expected a unit: {', '.join(units)}, each at most once and in this order")
    scanner.take(scanner.next)
    return unit


def _local(instant: datetime, zone: tzinfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _move(moment: Period, amounts: dict[str, int], zone: tzinfo) -> Period:
    year, quarter, month, week, business_day, day, hour, minute, second = (amounts.get(unit, 0) for unit in _UNITS)
    local = _local(moment.start, zone)
    moved = moved_by_months(local, 12 * year + 3 * quarter + month) + timedelta(weeks=week)
    moved = _move_business_days(moved, business_day) + timedelta(days=day)
    if moved != local:
        moment = period(moved, moved, zone)
    passed = timedelta(hours=hour, minutes=minute, seconds=second)
    return Period(moment.start + passed, moment.end + passed)


def _move_business_days(local: datetime, count: int) -> datetime:
    """Move `count` times to the next day from Monday to Friday, or back to the one before."""
    weeks, single = divmod(abs(count), _BUSINESS_DAYS_A_WEEK)
    if weeks and not single:  # the last week is walked: it may begin at a weekend
        weeks, single = weeks - 1, _BUSINESS_DAYS_A_WEEK
    direction = 1 if count > 0 else -1
    local += timedelta(weeks=direction * weeks)
    for _ in range(single):
        local += timedelta(days=direction)
        while local.weekday() >= _BUSINESS_DAYS_A_WEEK:
            local += timedelta(days=direction)
    return local


def _set(local: datetime, unit: str, number: int) -> datetime:
    """Return the local time with one field replaced."""
    match unit:
        case "Y":
            return in_month(local, number, local.month)
        case "Q":
            return in_month(local, local.year, 3 * (number - 1) + (local.month - 1) % 3 + 1)
        case "M":
            return in_month(local, local.year, number)
        case "W":
            monday = monday_of_week(local.year, min(number, weeks_of_year(local.year)))
            return datetime.combine(monday + timedelta(days=local.weekday()), local.time())
        case "D":
            return local.replace(day=min(number, last_of_month(local).day))
        case "h":
            return local.replace(hour=number)
        case "m":
            return local.replace(minute=number)
        case _:
            return local.replace(second=number)
