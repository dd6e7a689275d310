"""Calendars against a walk through local time, minute by minute and day by day."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterd.calendars.days import EVERY_DAY, MONDAY_TO_FRIDAY, Days, Months, Weekdays
from meterd.calendars.grids import LocalGrid
from meterd.calendars.holidays import ActualDate, EveryWeekday, Weekday, WorkingDays
from meterd.calendars.model import UTC_ZONE, Calendar, DayCalendar, IntradayCalendar, SparseCalendar
from tests.calendars.walk import Included, day_floor, grid_indexes, zones_and_instants

HOUR, DAY = 3600, 86_400
SATURDAYS_AND_CHRISTMAS = WorkingDays(
    EVERY_DAY, (EveryWeekday(day=Weekday.SATURDAY), ActualDate(dom=24, month=12, todom=2, tomonth=1))
)


def open_between_christmases(day: date) -> bool:
    return day.isoweekday() != 6 and not (day.month == 12 and day.day >= 24) and not (day.month == 1 and day.day <= 2)


SETS: list[tuple[Days, Included]] = [
    (EVERY_DAY, lambda day: True),
    (MONDAY_TO_FRIDAY, lambda day: day.isoweekday() <= 5),
    (Weekdays(frozenset([0])), lambda day: day.isoweekday() == 1),
    (Weekdays(frozenset([4])), lambda day: day.isoweekday() == 5),
    (SATURDAYS_AND_CHRISTMAS, open_between_christmases),
]
PERIODS_OF_MONTHS: list[tuple[Days, Included]] = [
    (Months(1), lambda day: day.day == 1),
    (Months(3), lambda day: day.day == 1 and day.month in (1, 4, 7, 10)),
    (Months(12), lambda day: day.day == day.month == 1),
]
PEAK = frozenset({0, 1, 2, 3, 4, 5, 6, 20, 21, 22, 23})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def written(instants: list[datetime]) -> str:
    return " ".join(f"{instant:%m-%dT%H:%M}" for instant in instants)


def intraday(zone: str, period: int, days: Days = EVERY_DAY, excluded: frozenset[int] = frozenset()) -> Calendar:
    return IntradayCalendar(LocalGrid(ZoneInfo(zone), period), days, excluded)


def daily(zone: str, days: Days = EVERY_DAY, hour: int = 0, day_offset: int = 0) -> Calendar:
    return DayCalendar(days, LocalGrid(ZoneInfo(zone), DAY, hour * HOUR), day_offset)


@pytest.mark.parametrize(
    ("calendar", "instant", "floor"),
    [
        (intraday("UTC", HOUR), "2024-11-20T10:59:59.999999", "2024-11-20T10:00"),
        (intraday("UTC", HOUR), "2024-11-20T10:00:00", "2024-11-20T10:00"),
        (intraday("UTC", 6 * HOUR), "2024-11-20T17:00:00", "2024-11-20T12:00"),
        (intraday("Europe/Berlin", 6 * HOUR), "2024-03-31T03:59:00", "2024-03-30T23:00"),
        (intraday("UTC", HOUR, MONDAY_TO_FRIDAY), "2024-11-24T10:30", "2024-11-22T23:00"),
        (intraday("Europe/London", HOUR, MONDAY_TO_FRIDAY, PEAK), "2024-07-08T05:59", "2024-07-05T18:00"),
        (intraday("Europe/London", HOUR, MONDAY_TO_FRIDAY, PEAK), "2024-07-08T06:01", "2024-07-08T06:00"),
        (daily("UTC"), "2024-02-29T23:59:59", "2024-02-29"),
        (daily("Pacific/Apia"), "2011-12-30T10:00", "2011-12-30T10:00"),
        (daily("Pacific/Apia"), "2011-12-30T09:59", "2011-12-29T10:00"),
        (daily("America/Sao_Paulo"), "2018-11-04T12:00", "2018-11-04T03:00"),
        (daily("Europe/London", hour=23, day_offset=-1), "2024-07-08T21:59", "2024-07-07T22:00"),
        (daily("Europe/London", hour=23, day_offset=-1), "2024-07-08T22:00", "2024-07-08T22:00"),
        (daily("UTC", MONDAY_TO_FRIDAY), "2024-11-24T10:30", "2024-11-22"),
        (daily("UTC", Weekdays(frozenset([0]))), "2021-01-03T10:30", "2020-12-28"),
        (daily("UTC", Months(1)), "2024-03-31T23:59", "2024-03-01"),
        (daily("Europe/Paris", Months(3)), "2024-03-31T22:00", "2024-03-31T22:00"),
        (daily("Europe/London", Months(1), 23, -1), "2024-03-31T22:30", "2024-03-31T22:00"),
        (daily("UTC", Months(12)), "2024-12-31T23:59", "2024-01-01"),
        (SparseCalendar(), "2024-11-20T10:15:02.123", "2024-11-20T10:15:02"),
    ],
)
def test_a_record_belongs_to_the_index_before_it(calendar: Calendar, instant: str, floor: str) -> None:
    assert at(floor) == calendar.floor(at(instant))


@pytest.mark.parametrize(
    ("calendar", "start", "end", "indexes"),
    [
        (intraday("UTC", 12 * HOUR), "2024-01-01", "2024-01-02", "01-01T00:00 01-01T12:00 01-02T00:00"),
        (intraday("UTC", HOUR), "2024-01-01T00:00:00.5", "2024-01-01T01:30", "01-01T01:00"),
        (intraday("UTC", 12 * HOUR, MONDAY_TO_FRIDAY), "2024-07-05T01", "2024-07-08", "07-05T12:00 07-08T00:00"),
        (
            intraday("UTC", HOUR, EVERY_DAY, PEAK),
            "2024-07-05T18",
            "2024-07-06T07",
            "07-05T18:00 07-05T19:00 07-06T07:00",
        ),
        (daily("UTC"), "2024-02-28T12", "2024-03-01", "02-29T00:00 03-01T00:00"),
        (daily("UTC", MONDAY_TO_FRIDAY), "2024-07-05", "2024-07-09", "07-05T00:00 07-08T00:00 07-09T00:00"),
        (daily("Africa/Cairo"), "2024-04-25", "2024-04-27", "04-25T22:00 04-26T21:00"),
        (daily("Asia/Beirut"), "2024-03-30", "2024-04-01", "03-30T22:00 03-31T21:00"),
        (daily("Pacific/Apia"), "2011-12-28", "2011-12-31T12", "12-28T10:00 12-29T10:00 12-30T10:00 12-31T10:00"),
        (daily("Pacific/Apia", Weekdays(frozenset([4, 5]))), "2011-12-25", "2012-01-02", "12-30T10:00"),
        (daily("UTC", Weekdays(frozenset([0]))), "2020-12-21", "2021-01-05", "12-21T00:00 12-28T00:00 01-04T00:00"),
        (daily("UTC", Months(1)), "2024-01-31", "2024-03-01", "02-01T00:00 03-01T00:00"),
        (daily("UTC", Months(6)), "2024-01-01", "2025-01-01", "01-01T00:00 07-01T00:00 01-01T00:00"),
        (daily("UTC"), "2024-01-02", "2024-01-01", ""),
        (daily("UTC", Months(12)), "2024-01-02", "2024-12-31T23:59:59", ""),
        (SparseCalendar(), "2024-01-01", "2025-01-01", ""),
    ],
)
def test_a_window_has_these_indexes(calendar: Calendar, start: str, end: str, indexes: str) -> None:
    assert indexes == written(list(calendar.indexes(at(start), at(end))))


@settings(max_examples=100)
@given(
    place=zones_and_instants(),
    days=st.sampled_from(SETS + PERIODS_OF_MONTHS),
    hour=st.sampled_from([0, 0, 2, 6, 23]),
    day_offset=st.integers(-1, 1),
    length=st.integers(0, 9),
)
def test_a_day_calendar_agrees_with_a_walk(
    place: tuple[ZoneInfo, datetime], days: tuple[Days, Included], hour: int, day_offset: int, length: int
) -> None:
    zone, start = place
    calendar = DayCalendar(days[0], LocalGrid(zone, DAY, hour * HOUR), day_offset)
    end = start + timedelta(days=length)

    floors = {day_floor(zone, days[1], start + timedelta(days=n), hour, day_offset) for n in range(length + 1)}

    assert floors == {calendar.floor(start + timedelta(days=n)) for n in range(length + 1)}
    assert floors - {calendar.floor(start)} <= set(calendar.indexes(start, end)) <= floors
    assert max(floors) == calendar.floor(end)


@settings(max_examples=80)
@given(
    place=zones_and_instants(),
    period=st.sampled_from([900, 1800, 40 * 60, HOUR, 2 * HOUR, 6 * HOUR]),
    days=st.sampled_from(SETS[:2] + SETS[-1:]),
    excluded=st.frozensets(st.integers(0, 22)) | st.just(PEAK),
    whole_holidays=st.booleans(),
    hours=st.integers(0, 100),
)
def test_an_intraday_calendar_agrees_with_a_walk(
    place: tuple[ZoneInfo, datetime],
    period: int,
    days: tuple[Days, Included],
    excluded: frozenset[int],
    whole_holidays: bool,
    hours: int,
) -> None:
    zone, start = place
    excluded -= {12}
    calendar = IntradayCalendar(LocalGrid(zone, period), days[0], excluded, whole_holidays)
    end = start + timedelta(hours=hours)

    walked = [
        index
        for index, label in grid_indexes(zone, period, 0, start, end, tick=60)
        if (label.hour not in excluded if days[1](label.date()) else whole_holidays)
    ]

    assert walked == list(calendar.indexes(start, end))
    assert not walked or walked[-1] == calendar.floor(end)


@st.composite
def calendars(draw: st.DrawFn, zone: ZoneInfo) -> Calendar:
    days, _ = draw(st.sampled_from(SETS))
    if draw(st.booleans()):
        period = draw(st.sampled_from([60, 900, HOUR, 6 * HOUR, 12 * HOUR]))
        excluded = draw(st.frozensets(st.integers(1, 11)))
        return IntradayCalendar(LocalGrid(zone, period), days, excluded, draw(st.booleans()))
    days, _ = draw(st.sampled_from(SETS + PERIODS_OF_MONTHS))
    return DayCalendar(days, LocalGrid(zone, DAY, draw(st.integers(0, 23)) * HOUR), draw(st.integers(-1, 1)))


@settings(max_examples=150)
@given(data=st.data(), place=zones_and_instants(1800, 2200), microseconds=st.integers(0, 10**12))
def test_the_laws_of_calendars_hold(data: st.DataObject, place: tuple[ZoneInfo, datetime], microseconds: int) -> None:
    zone, start = place
    calendar = data.draw(calendars(zone))
    instant = start + timedelta(microseconds=microseconds)

    floor = calendar.floor(instant)
    indexes = list(islice(calendar.indexes(start, start + timedelta(days=40)), 3000))
    resolution = calendar.resolution(start, start + timedelta(days=40))

    assert floor <= instant
    assert [floor] == list(calendar.indexes(floor, instant))
    assert all(earlier < later for earlier, later in pairwise(indexes))
    assert all(calendar.floor(index) == index for index in indexes)
    assert all(start <= index and index.timestamp() % resolution == 0 for index in indexes)


@settings(max_examples=150)
@given(data=st.data(), place=zones_and_instants(1800, 2200), seconds=st.integers(0, 40 * DAY))
def test_a_record_and_its_cell_have_the_same_floor(
    data: st.DataObject, place: tuple[ZoneInfo, datetime], seconds: int
) -> None:
    zone, start = place
    calendar = data.draw(calendars(zone))
    resolution = calendar.resolution(start, start + timedelta(days=40))
    record = start + timedelta(seconds=seconds)

    cell = record - timedelta(seconds=record.timestamp() % resolution)

    assert calendar.floor(cell) == calendar.floor(record)


@settings(max_examples=150)
@given(data=st.data(), place=zones_and_instants(1800, 2200))
def test_days_are_cut_from_the_indexes_within_them_and_months_from_days(
    data: st.DataObject, place: tuple[ZoneInfo, datetime]
) -> None:
    zone, instant = place
    days, _ = data.draw(st.sampled_from(SETS[:2]))
    calendar: Calendar | None = IntradayCalendar(
        LocalGrid(zone, data.draw(st.sampled_from([60, 900, HOUR, 6 * HOUR]))), days
    )

    while calendar and (coarser := calendar.coarser):
        if days == EVERY_DAY:
            index = coarser.floor(instant)
            assert index == calendar.floor(index)
        assert coarser.floor(calendar.floor(instant)) <= coarser.floor(instant)
        calendar = coarser


def test_the_first_cell_of_a_window_after_a_change_of_clocks_is_small_enough() -> None:
    calendar = intraday("America/St_Johns", HOUR)
    one_minute_past = at("2008-03-09T03:31")

    assert one_minute_past == calendar.floor(at("2008-03-09T03:31:30"))
    assert calendar.resolution(at("2008-03-09T03:31:30"), at("2008-03-09T05:00")) == 60


def test_scaling_goes_from_within_the_day_to_days_months_and_years() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    midnight = LocalGrid(berlin, DAY)
    hourly = IntradayCalendar(LocalGrid(berlin, HOUR), MONDAY_TO_FRIDAY)

    days = hourly.coarser
    months = days.coarser

    assert days == DayCalendar(MONDAY_TO_FRIDAY, midnight)
    assert months == DayCalendar(Months(1), midnight)
    assert months.coarser == DayCalendar(Months(12), midnight)
    assert months.coarser.coarser is None
    assert SparseCalendar().coarser == DayCalendar(EVERY_DAY, LocalGrid(UTC_ZONE, DAY))


def test_days_of_whole_holidays_are_all_days() -> None:
    grid = LocalGrid(UTC_ZONE, HOUR)

    off_peak = IntradayCalendar(grid, MONDAY_TO_FRIDAY, frozenset(range(7, 20)), whole_holidays=True)

    assert off_peak.floor(at("2024-07-05T15:00")) == at("2024-07-05T06:00")
    assert off_peak.floor(at("2024-07-06T15:30")) == at("2024-07-06T15:00")
    assert off_peak.coarser == DayCalendar(EVERY_DAY, LocalGrid(UTC_ZONE, DAY))


def test_days_keep_where_they_begin_when_they_are_scaled() -> None:
    power = daily("Europe/London", hour=23, day_offset=-1)

    assert power.coarser == daily("Europe/London", Months(1), 23, -1)


def test_millions_of_indexes_are_made_as_they_are_asked_for() -> None:
    seconds = intraday("UTC", 1).indexes(at("1970-01-01"), at("9997-01-01"))

    assert "01-01T00:00 01-01T00:00" == written(list(islice(seconds, 2)))


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Anchorage", "UTC"])
@pytest.mark.parametrize("days", [MONDAY_TO_FRIDAY, SATURDAYS_AND_CHRISTMAS, Months(12)])
@pytest.mark.parametrize("make", [partial(intraday, period=HOUR), daily])
def test_the_first_and_the_last_years_are_answered_and_none_beyond(
    zone: str, days: Days, make: Callable[..., Calendar]
) -> None:
    calendar = make(zone, days=days)
    first, last = at("0002-01-01"), datetime(9997, 12, 31, 23, 59, 59, 999_999, UTC)

    assert calendar.floor(first) <= first
    assert max(calendar.indexes(last - timedelta(days=366), last)) == calendar.floor(last)
    assert calendar.resolution(first, first) > 0
    for beyond in (first - timedelta(microseconds=1), last + timedelta(microseconds=1)):
        with pytest.raises(ValueError, match="is not between the years 2 and 9997"):
            calendar.floor(beyond)


@pytest.mark.parametrize(
    ("period", "excluded", "problem"),
    [
        (HOUR, range(24), "leave nothing of a day"),
        (6 * HOUR, [0, 6, 12, 18], "leave nothing of a day"),
        (DAY, [], "at most 12 hours"),
    ],
)
def test_an_intraday_calendar_without_indexes_is_refused(period: int, excluded: list[int], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        IntradayCalendar(LocalGrid(UTC_ZONE, period), excluded_hours=frozenset(excluded))


def test_a_calendar_of_days_needs_a_grid_of_days() -> None:
    with pytest.raises(ValueError, match="period of one day"):
        DayCalendar(EVERY_DAY, LocalGrid(UTC_ZONE, HOUR))
