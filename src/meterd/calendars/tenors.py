"""Absolute tenors: periods by their trading name, such as `2024M02` (`docs/specifications/usage-metrics.md` 12.2).

Where the specification is silent:

- A half month ends with the 15th or with the month: `HM01` and `HM02` are January's, `HM24` is the last.
- `EOM`, `EOQ` and `EOY` are the last day of the month, quarter or year; `EOY` has the one number 1.
- The seasons of US gas trading: summer `USS` is April to October, winter `USW` from November to March of the next year.
- Parts of a day are counted by time that passes, so a day with 25 hours has `H25` and one with 23 ends with `H23`.
- US spring `USP`, gas periods `G...` and custom ones `C...` are refused: nobody publishes where they begin and end.
"""

from datetime import date, timedelta, tzinfo

import msgspec

from meterd.calendars.local import (
    SECOND,
    Period,
    days,
    last_of_month,
    monday_of_week,
    moved_by_months,
    weeks_of_year,
)
from meterd.expressions.scanner import Scanner


class _Months(msgspec.Struct, frozen=True):
    """`count` periods one after the other, each `length` months long, the first from month `first`.

    Without a count there is one, and the tenor has no number.
    """

    first: int
    length: int
    count: int | None = None

    def dates(self, scanner: Scanner, year: int) -> tuple[date, date]:
        number = scanner.number("number", 1, self.count) if self.count else 1
        start = moved_by_months(date(year, self.first, 1), (number - 1) * self.length)
        return start, last_of_month(moved_by_months(start, self.length - 1))


_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_MONTHS = {
    "Y": _Months(1, 12),
    **{f"Y{name}": _Months(month, 12) for month, name in enumerate(_MONTH_NAMES, start=1)},
    "HY": _Months(1, 6, 2),
    "S": _Months(4, 6, 2),
    "USW": _Months(11, 5),
    "USS": _Months(4, 7),
    "Q": _Months(1, 3, 4),
    "M": _Months(1, 1, 12),
}
_ENDS = {"EOM": _Months(1, 1, 12), "EOQ": _Months(1, 3, 4), "EOY": _Months(1, 12, 1)}
"""Of these only the last day."""
_WEEKS = {"W": (0, 6), "WW": (0, 4), "WKD": (5, 6)}
"""Days after Monday: the first and the last."""
_PARTS_OF_DAY = {"H": timedelta(hours=1), "HH": timedelta(minutes=30), "QH": timedelta(minutes=15)}
_ALLOWED = "Y, YJAN to YDEC, HY, S, USW, USS, Q, M, HM, W, WW, WKD, D, EOM, EOQ or EOY"


def read_tenor(scanner: Scanner, year: int, zone: tzinfo) -> Period:
    """Take what follows the year of a tenor: its period as the calendar and the clocks of the zone have it.

    Raises:
        ExpressionError: it isn't a tenor, or the year or day has no such part.
        OverflowError: it reaches beyond the years 1 to 9999.
    """
    scanner.part = "tenor"
    start = scanner.position
    name = scanner.letters()
    if months := _MONTHS.get(name):
        first, last = months.dates(scanner, year)
    elif ends := _ENDS.get(name):
        _, last = ends.dates(scanner, year)
        first = last
    elif name in _WEEKS:
        monday = monday_of_week(year, scanner.number("week", 1, weeks_of_year(year)))
        first, last = (monday + timedelta(days=day) for day in _WEEKS[name])
    elif name == "HM":
        first, last = _half_month(year, scanner.number("half month", 1, 24))
    elif name == "D":
        first = last = _read_day(scanner, year)
    else:
        raise scanner.error(f"the year must be followed by {_ALLOWED}, got {name!r}", start)
    whole = days(first, last, zone)
    return _read_part(scanner, whole) if name == "D" and scanner.take("-") else whole


def _half_month(year: int, number: int) -> tuple[date, date]:
    month = date(year, (number + 1) // 2, 1)
    return (month, month.replace(day=15)) if number % 2 else (month.replace(day=16), last_of_month(month))


def _read_day(scanner: Scanner, year: int) -> date:
    month = date(year, scanner.number("month", 1, 12, width=2), 1)
    return month.replace(day=scanner.number("day", 1, last_of_month(month).day, width=2))


def _read_part(scanner: Scanner, day: Period) -> Period:
    """Take `H01` and the like: that part of the day, which the end of the day may cut short."""
    start = scanner.position
    length = _PARTS_OF_DAY.get(scanner.letters())
    if length is None:
        raise scanner.error(f"a part of a day is one of {', '.join(_PARTS_OF_DAY)}", start)
    there_are = -((day.start - day.end - SECOND) // length)
    number = scanner.number("number", 1, there_are)
    begin = day.start + (number - 1) * length
    return Period(begin, min(begin + (length - SECOND), day.end))
