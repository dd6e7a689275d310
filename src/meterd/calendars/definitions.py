"""Calendars as they are stored: the `calendar` member of a calendar entity.

`_type` says which kind it is. Names are those of the public documentation (constructors, attributes, `HolidayRule`);
where it gives attributes without wire names they are in camelCase here. Each kind may have the members `_id`, `code`,
`name` and `description`, which change nothing, and these:

| `_type` | members |
| --- | --- |
| `IntradayCalendar` | `period` (`PT1H`), `timezone`, `dayCalendar`, `excludedHours` (`[0, 1, 23]`), `useHolidays`: days that are not in the day calendar have all their hours |
| `DailyCalendar`, `BusinessCalendar`, `AnnualCalendar` | `timezone` |
| `OffsetDailyCalendar` | `timezone`, `dayOffset` (-1 to 1), `hour`: `Europe/London`, -1 and 23 begin a day at 23:00 of the day before |
| `WeeklyCalendar` | `timezone`, `day` (`Monday`) |
| `MonthlyCalendar` | `timezone`, `months` (1, 2, 3, 4, 6 or 12) |
| `HolidayCalendar` | `timezone`, `base` (`DAILY`), `rule` (always `Holiday Calendar`), `rules` |
| `SparseCalendar` | |

`timezone` is `UTC` when missing. `dayCalendar` and `base` are the code of a calendar of days, or a definition of one.
A day calendar's days are taken in the time zone of the calendar that refers to it.

Holiday rules have `rule`, `code`, `name`, and `options`: `shiftOnSaturday`, `shiftOnSunday`, `shiftOnMonday` (days),
`validFromYear`, `validToYear`, `repeats` (every so many years), `repeatStartYear`. By `rule`:

| `rule` | members | example |
| --- | --- | --- |
| `every` | `day` | every Saturday |
| `actual` | `dom`, `month`, `todom`, `tomonth` | 25 December; from 24 December to 2 January |
| `last` | `day`, `month` | the last Monday in May |
| `ordinal` | `ordinal`, `day`, `month` | the third Monday in January |
| `named` | `name` | Good Friday; all names: `holidays.Feast` |
"""  # noqa: E501 - rows of tables

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, TypeVar

import msgspec

from meterd.calendars.codes import calendar_for
from meterd.calendars.days import EVERY_DAY, MONDAY_TO_FRIDAY, Days, Months, Weekdays
from meterd.calendars.grids import LocalGrid
from meterd.calendars.holidays import (
    ActualDate,
    EveryWeekday,
    Feast,
    LastWeekday,
    NamedFeast,
    OrdinalWeekday,
    Rule,
    Weekday,
    WorkingDays,
)
from meterd.calendars.model import HOUR, Calendar, DayCalendar, IntradayCalendar, SparseCalendar
from meterd.calendars.zones import DAY, zone_of
from meterd.expressions.errors import ExpressionError

Find = Callable[[str], Calendar | None]
"""Finds a calendar that is not built in by its code."""

Reference = str | dict[str, Any]
"""A calendar by its code, or its definition, which is read by its `_type` later."""
Hour = Annotated[int, msgspec.Meta(ge=0, le=23)]

_LOCATED = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"^Object (?P<what>contains unknown|missing required) field `(?P<name>.*)`$")
_FIELD_PROBLEMS = {"contains unknown": "there is no such member", "missing required": "is required"}

_CHOICES: dict[str, type[Weekday] | type[Feast]] = {"day": Weekday, "name": Feast}
"""The members that take one of several names."""

_Decoded = TypeVar("_Decoded")


class DefinitionError(ValueError):
    """A definition that is no calendar.

    Attributes:
        member: where the mistake is, such as `definition.rules[0].month`.
        problem: what is wrong there and what is allowed.
    """

    def __init__(self, member: str, problem: str) -> None:
        super().__init__(f"{member}: {problem}")
        self.member = member
        self.problem = problem


def calendar_of(definition: Mapping[str, object], find: Find) -> Calendar:
    """Return the calendar of a definition; `find` answers for the codes it refers to that are not built in.

    Raises `DefinitionError`. What `find` raises passes through: it must stop at definitions that refer to themselves.
    """
    return _calendar(definition, find, "definition")


class _Definition(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The base of all definitions. `build` gets the path of the definition for errors in what it refers to."""

    type_: str = msgspec.field(name="_type")
    id_: str = msgspec.field(name="_id", default="")
    code: str = ""
    name: str = ""
    description: str = ""

    def build(self, find: Find, path: str) -> Calendar:
        raise NotImplementedError


class _Sparse(_Definition, frozen=True, kw_only=True):
    def build(self, find: Find, path: str) -> Calendar:
        return SparseCalendar()


class _InZone(_Definition, frozen=True, kw_only=True):
    timezone: str = "UTC"

    def grid(self, path: str, period: int = DAY, phase: int = 0) -> LocalGrid:
        try:
            return LocalGrid(zone_of(self.timezone), period, phase)
        except ValueError as error:
            raise DefinitionError(f"{path}.timezone", str(error)) from None


class _Daily(_InZone, frozen=True, kw_only=True):
    days: ClassVar[Days] = EVERY_DAY

    def build(self, find: Find, path: str) -> Calendar:
        return DayCalendar(self.days, self.grid(path))


class _Business(_Daily, frozen=True, kw_only=True):
    days = MONDAY_TO_FRIDAY


class _Annual(_Daily, frozen=True, kw_only=True):
    days = Months(12)


class _OffsetDaily(_InZone, frozen=True, kw_only=True):
    hour: Hour
    day_offset: Annotated[int, msgspec.Meta(ge=-1, le=1)] = 0

    def build(self, find: Find, path: str) -> Calendar:
        return DayCalendar(EVERY_DAY, self.grid(path, phase=self.hour * HOUR), self.day_offset)


class _Weekly(_InZone, frozen=True, kw_only=True):
    day: Weekday = Weekday.MONDAY

    def build(self, find: Find, path: str) -> Calendar:
        return DayCalendar(Weekdays(frozenset([self.day.number])), self.grid(path))


class _Monthly(_InZone, frozen=True, kw_only=True):
    months: int = 1

    def build(self, find: Find, path: str) -> Calendar:
        grid = self.grid(path)
        try:
            return DayCalendar(Months(self.months), grid)
        except ValueError as error:
            raise DefinitionError(f"{path}.months", str(error)) from None


class _Intraday(_InZone, frozen=True, kw_only=True):
    period: str
    day_calendar: Reference = "DAILY"
    excluded_hours: frozenset[Hour] = frozenset()
    use_holidays: bool = False

    def build(self, find: Find, path: str) -> Calendar:
        try:
            calendar = calendar_for(self.period)
        except ExpressionError as error:
            raise DefinitionError(f"{path}.period", str(error)) from None
        if not isinstance(calendar, IntradayCalendar):
            raise DefinitionError(f"{path}.period", "must be a duration of at most 12 hours, such as PT1H")
        grid = self.grid(path, period=calendar.grid.period)
        days = _days(self.day_calendar, find, f"{path}.dayCalendar")
        try:
            return IntradayCalendar(grid, days, self.excluded_hours, self.use_holidays)
        except ValueError as error:
            raise DefinitionError(f"{path}.excludedHours", str(error)) from None


class _Holiday(_InZone, frozen=True, kw_only=True):
    rule: str = ""
    base: Reference = "DAILY"
    rules: list[dict[str, object]] = []

    def build(self, find: Find, path: str) -> Calendar:
        grid = self.grid(path)
        base = _days(self.base, find, f"{path}.base")
        rules = tuple(_read(rule, _RULES, "rule", f"{path}.rules[{at}]") for at, rule in enumerate(self.rules))
        try:
            return DayCalendar(WorkingDays(base, rules), grid)
        except ValueError as error:
            raise DefinitionError(f"{path}.rules", str(error)) from None


_KINDS: dict[str, type[_Definition]] = {
    "IntradayCalendar": _Intraday,
    "DailyCalendar": _Daily,
    "BusinessCalendar": _Business,
    "OffsetDailyCalendar": _OffsetDaily,
    "WeeklyCalendar": _Weekly,
    "MonthlyCalendar": _Monthly,
    "AnnualCalendar": _Annual,
    "HolidayCalendar": _Holiday,
    "SparseCalendar": _Sparse,
}
_RULES: dict[str, type[Rule]] = {
    "every": EveryWeekday,
    "actual": ActualDate,
    "last": LastWeekday,
    "ordinal": OrdinalWeekday,
    "named": NamedFeast,
}


def _calendar(definition: Mapping[str, object], find: Find, path: str) -> Calendar:
    return _read(definition, _KINDS, "_type", path).build(find, path)


def _days(reference: Reference, find: Find, path: str) -> Days:
    """Return the days of a calendar that is referred to."""
    calendar = _find(reference, find, path) if isinstance(reference, str) else _calendar(reference, find, path)
    if not isinstance(calendar, DayCalendar):
        raise DefinitionError(path, "must be a calendar of days, such as BUSINESS or a HolidayCalendar")
    return calendar.days


def _find(code: str, find: Find, path: str) -> Calendar:
    try:
        return calendar_for(code)
    except ExpressionError as error:
        if calendar := find(code):
            return calendar
        raise DefinitionError(path, f"there is no such calendar, and none is built in: {error}") from None


def _read(value: Mapping[str, object], kinds: Mapping[str, type[_Decoded]], by: str, path: str) -> _Decoded:
    """Decode a value of one of several kinds, which its member `by` names without case."""
    name = str(value.get(by, ""))
    kind = next((kind for known, kind in kinds.items() if known.casefold() == name.casefold()), None)
    if kind is None:
        raise DefinitionError(f"{path}.{by}", f"must be one of {', '.join(kinds)}, got {name!r}")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _explain(error, path) from None


def _explain(error: msgspec.ValidationError, path: str) -> DefinitionError:
    """Return what msgspec has to say about a value at `path`, in our words where its own don't help."""
    match = _LOCATED.match(str(error))
    assert match is not None  # every group is optional
    member, what = path + (match["path"] or ""), match["what"]
    if field := _FIELD.match(what):
        return DefinitionError(f"{member}.{field['name']}", _FIELD_PROBLEMS[field["what"]])
    if what.startswith("Invalid enum value"):
        choices = ", ".join(choice.value for choice in _CHOICES[member.rpartition(".")[2]])
        return DefinitionError(member, f"must be one of {choices}, got{what.removeprefix('Invalid enum value')}")
    return DefinitionError(member, what)
