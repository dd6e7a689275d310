"""Holiday rules, and the working days they leave (`docs/specifications/usage-metrics.md` section 10).

Rules are what the calendar service's `HolidayRule` says, with its member names, so that they are decoded as they are.
"""

import calendar
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import MAXYEAR, MINYEAR, date
from enum import Enum
from functools import lru_cache
from typing import Annotated

import msgspec
from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter

from meterd.calendars.days import Days, Months

CHECKED_YEARS = range(1970, 2101)
"""Working days must leave something of each of these years."""

Month = Annotated[int, msgspec.Meta(ge=1, le=12)]
DayOfMonth = Annotated[int, msgspec.Meta(ge=1, le=31)]
Year = Annotated[int, msgspec.Meta(ge=MINYEAR, le=MAXYEAR)]
Shift = Annotated[int, msgspec.Meta(ge=-31, le=31)]


class _Named(Enum):
    """An enumeration of names that are read without case."""

    @classmethod
    def _missing_(cls, value: object) -> "_Named | None":
        return next((member for member in cls if member.value.casefold() == str(value).casefold()), None)


class Weekday(_Named):
    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"

    @property
    def number(self) -> int:
        """From Monday, which is 0."""
        return list(Weekday).index(self)


class Feast(_Named):
    """Named holidays: the documented ones, then some more that move with Easter."""

    EASTER_SUNDAY = "Easter Sunday"
    EASTER_MONDAY = "Easter Monday"
    GOOD_FRIDAY = "Good Friday"
    ASCENSION_DAY = "Ascension Day"
    CORPUS_CHRISTI = "Corpus Christi"
    PENTECOST = "Pentecost"
    VICTORIA_DAY = "Victoria Day"
    WHIT_MONDAY = "Whit Monday"
    CARNIVAL_MONDAY = "Carnival Monday"
    SHROVE_TUESDAY = "Shrove Tuesday"
    ASH_WEDNESDAY = "Ash Wednesday"
    MAUNDY_THURSDAY = "Maundy Thursday"
    ORTHODOX_GOOD_FRIDAY = "Orthodox Good Friday"
    ORTHODOX_EASTER_SUNDAY = "Orthodox Easter Sunday"
    ORTHODOX_EASTER_MONDAY = "Orthodox Easter Monday"
    ORTHODOX_PENTECOST = "Orthodox Pentecost"
    ORTHODOX_WHIT_MONDAY = "Orthodox Whit Monday"


def _western(offset: int) -> Callable[[int], int]:
    return lambda year: easter(year, EASTER_WESTERN).toordinal() + offset


def _orthodox(offset: int) -> Callable[[int], int]:
    return lambda year: easter(year, EASTER_ORTHODOX).toordinal() + offset


def _victoria_day(year: int) -> int:
    """Return the last Monday before 25 May."""
    return _weekday_until(date(year, 5, 24).toordinal(), Weekday.MONDAY)


_FEASTS: dict[Feast, Callable[[int], int]] = {
    Feast.EASTER_SUNDAY: _western(0),
    Feast.EASTER_MONDAY: _western(1),
    Feast.GOOD_FRIDAY: _western(-2),
    Feast.ASCENSION_DAY: _western(39),
    Feast.CORPUS_CHRISTI: _western(60),
    Feast.PENTECOST: _western(49),
    Feast.VICTORIA_DAY: _victoria_day,
    Feast.WHIT_MONDAY: _western(50),
    Feast.CARNIVAL_MONDAY: _western(-48),
    Feast.SHROVE_TUESDAY: _western(-47),
    Feast.ASH_WEDNESDAY: _western(-46),
    Feast.MAUNDY_THURSDAY: _western(-3),
    Feast.ORTHODOX_GOOD_FRIDAY: _orthodox(-2),
    Feast.ORTHODOX_EASTER_SUNDAY: _orthodox(0),
    Feast.ORTHODOX_EASTER_MONDAY: _orthodox(1),
    Feast.ORTHODOX_PENTECOST: _orthodox(49),
    Feast.ORTHODOX_WHIT_MONDAY: _orthodox(50),
}


class Options(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, cache_hash=True):
    """The options of a rule: shifts in days by the weekday the holiday falls on, and the years in which it is valid.

    Repeating counts from `repeat_start_year`, without it from `valid_from_year`; one of them must be there.
    """

    shift_on_saturday: Shift = 0
    shift_on_sunday: Shift = 0
    shift_on_monday: Shift = 0
    valid_from_year: Year = MINYEAR
    valid_to_year: Year = MAXYEAR
    repeats: Annotated[int, msgspec.Meta(ge=1)] = 1
    repeat_start_year: Year | None = None

    def __post_init__(self) -> None:
        if self.repeats > 1 and self.repeat_start_year is None and self.valid_from_year == MINYEAR:
            raise ValueError("repeats needs repeatStartYear or validFromYear to count from")

    def allow(self, year: int) -> bool:
        start = self.repeat_start_year or self.valid_from_year
        from_year = max(start, self.valid_from_year)
        return from_year <= year <= self.valid_to_year and (year - start) % self.repeats == 0

    def shifted(self, day: int) -> int:
        shifts = {
            Weekday.SATURDAY.number: self.shift_on_saturday,
            Weekday.SUNDAY.number: self.shift_on_sunday,
            Weekday.MONDAY.number: self.shift_on_monday,
        }
        return day + shifts.get((day - 1) % 7, 0)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, cache_hash=True):
    """A rule for the holidays of a year, before its options."""

    rule: str = ""
    code: str = ""
    name: str = ""
    options: Options = Options()

    def holidays(self, year: int) -> Iterable[int]:
        raise NotImplementedError


class EveryWeekday(Rule, frozen=True, kw_only=True):
    """All days with one name, such as every Saturday."""

    day: Weekday

    def holidays(self, year: int) -> Iterable[int]:
        first = _weekday_until(date(year, 1, 7).toordinal(), self.day)
        return range(first, date(year, 12, 31).toordinal() + 1, 7)


class ActualDate(Rule, frozen=True, kw_only=True):
    """A date such as the 25th of December, or all days from one date to another, which may be in the next year."""

    dom: DayOfMonth
    month: Month
    todom: DayOfMonth | None = None
    tomonth: Month | None = None

    def __post_init__(self) -> None:
        for day, month in ((self.dom, self.month), self._end):
            if day > calendar.monthrange(2000, month)[1]:
                raise ValueError(f"month {month} has no day {day}")
        if self._end[1] == self.month and self._end[0] < self.dom:
            raise ValueError(f"todom {self.todom} is before dom {self.dom}")

    @property
    def _end(self) -> tuple[int, int]:
        return self.todom or self.dom, self.tomonth or self.month

    def holidays(self, year: int) -> Iterable[int]:
        day, month = self._end
        end_year = year + (month < self.month)
        last = date(end_year, month, min(day, calendar.monthrange(end_year, month)[1]))
        return range(date(year, self.month, 1).toordinal() + self.dom - 1, last.toordinal() + 1)


class LastWeekday(Rule, frozen=True, kw_only=True):
    """The last day with a name in a month, such as the last Monday in May."""

    day: Weekday
    month: Month

    def holidays(self, year: int) -> Iterable[int]:
        last = date(year, self.month, calendar.monthrange(year, self.month)[1])
        return (_weekday_until(last.toordinal(), self.day),)


class OrdinalWeekday(Rule, frozen=True, kw_only=True):
    """An ordinal day such as the third Monday in January. Months without a fifth one have no such holiday."""

    ordinal: Annotated[int, msgspec.Meta(ge=1, le=5)]
    day: Weekday
    month: Month

    def holidays(self, year: int) -> Iterable[int]:
        day = _weekday_until(date(year, self.month, 7).toordinal(), self.day) + 7 * (self.ordinal - 1)
        return (day,) if date.fromordinal(day).month == self.month else ()


class NamedFeast(Rule, frozen=True, kw_only=True):
    """A feast with a name, such as Good Friday."""

    name: Feast  # type: ignore[assignment]  # of these rules the name says what they are

    def holidays(self, year: int) -> Iterable[int]:
        return (_FEASTS[self.name](year),)


class WorkingDays(msgspec.Struct, frozen=True, cache_hash=True):
    """Days of another set that are not holidays. Raises `ValueError` when a year of `CHECKED_YEARS` has none left."""

    base: Days
    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        for year in CHECKED_YEARS:
            if next(self.of_year(year), None) is None:
                raise ValueError(f"the rules leave no day of the year {year}")

    @property
    def coarser(self) -> Months:
        return Months(1)

    def of_year(self, year: int) -> Iterator[int]:
        """Return the days of a year, in order. A shift may bring holidays of the years beside into this one."""
        holidays = {
            rule.options.shifted(day)
            for rule in self.rules
            for near in (year - 1, year, year + 1)
            if MINYEAR <= near < MAXYEAR and rule.options.allow(near)
            for day in rule.holidays(near)
        }
        for day in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1):
            if day not in holidays and self.base.floor(day) == day:
                yield day

    def floor(self, day: int) -> int:
        for year in range(date.fromordinal(day).year, 0, -1):
            days = _working_days(self, year)
            if position := bisect_right(days, day):
                return days[position - 1]
        raise ValueError(f"there is no working day until {date.fromordinal(day)}")

    def ceiling(self, day: int) -> int:
        for year in range(date.fromordinal(day).year, MAXYEAR):
            days = _working_days(self, year)
            if (position := bisect_left(days, day)) < len(days):
                return days[position]
        raise ValueError(f"there is no working day from {date.fromordinal(day)}")


@lru_cache(maxsize=1024)
def _working_days(days: WorkingDays, year: int) -> list[int]:
    return list(days.of_year(year))


def _weekday_until(day: int, weekday: Weekday) -> int:
    """Return the last such weekday that is not after the day."""
    return day - (day - 1 - weekday.number) % 7
