from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterd.calendars.grids import LocalGrid
from meterd.calendars.zones import EPOCH
from tests.calendars.walk import DAY, WALL_EPOCH, changes, first_reaching, grid_indexes, zones_and_instants

HOUR = 3600
PERIODS = [60, 300, 900, 1800, 40 * 60, 45 * 60, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR]

periods = st.sampled_from(PERIODS)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def indexes(grid: LocalGrid, start: datetime, end: datetime) -> list[datetime]:
    bounds = int(start.timestamp()), int(end.timestamp())
    return [EPOCH + timedelta(seconds=index) for index in grid.indexes(*bounds)]


@pytest.mark.parametrize(
    ("zone", "period", "day", "local"),
    [
        ("Europe/Berlin", 6 * HOUR, "2024-03-31", "00+01 06+02 12+02 18+02"),
        ("Europe/Berlin", 6 * HOUR, "2024-10-27", "00+02 06+01 12+01 18+01"),
        ("America/Sao_Paulo", 6 * HOUR, "2018-11-04", "01-02 06-02 12-02 18-02"),
        ("America/Havana", 6 * HOUR, "2024-11-03", "00-04 06-05 12-05 18-05"),
        ("Europe/Berlin", 12 * HOUR, "2024-07-01", "00+02 12+02"),
    ],
)
def test_labels_of_some_hours_stay_where_users_expect_them(zone: str, period: int, day: str, local: str) -> None:
    where = ZoneInfo(zone)
    start = first_reaching(where, datetime.fromisoformat(day))
    end = first_reaching(where, datetime.fromisoformat(day) + DAY)

    found = indexes(LocalGrid(where, period), start, end - timedelta(seconds=1))

    assert local == " ".join(f"{index.astimezone(where):%H%z}"[:5] for index in found)


@pytest.mark.parametrize(
    ("zone", "period", "day", "count"),
    [
        ("Europe/Berlin", HOUR, "2024-03-31", 23),
        ("Europe/Berlin", HOUR, "2024-10-27", 25),
        ("Europe/Berlin", HOUR, "2024-07-01", 24),
        ("America/Sao_Paulo", HOUR, "2018-11-04", 23),
        ("America/Sao_Paulo", HOUR, "2018-02-17", 25),
        ("America/Havana", HOUR, "2024-11-03", 25),
        ("Africa/Cairo", HOUR, "2024-04-26", 23),
        ("Asia/Beirut", HOUR, "2024-03-31", 23),
        ("Australia/Lord_Howe", HOUR, "2024-04-07", 24),
        ("Australia/Lord_Howe", HOUR, "2024-10-06", 24),
        ("Australia/Lord_Howe", HOUR // 2, "2024-04-07", 49),
        ("Australia/Lord_Howe", HOUR // 2, "2024-10-06", 47),
        ("Pacific/Apia", HOUR, "2011-12-29", 24),
        ("Pacific/Apia", HOUR, "2011-12-31", 24),
        ("Europe/Berlin", 2 * HOUR, "2024-10-27", 12),
        ("Asia/Kathmandu", HOUR, "2024-02-29", 24),
    ],
)
def test_a_day_has_as_many_indexes_as_its_clock_shows_labels(zone: str, period: int, day: str, count: int) -> None:
    where = ZoneInfo(zone)
    start = first_reaching(where, datetime.fromisoformat(day))
    end = first_reaching(where, datetime.fromisoformat(day) + DAY)

    assert count == len(indexes(LocalGrid(where, period), start, end - timedelta(seconds=1)))


@settings(max_examples=150)
@given(place=zones_and_instants(), period=periods, phase_hours=st.integers(0, 23), hours=st.integers(0, 60))
def test_indexes_and_labels_are_those_of_a_walk_by_the_minute(
    place: tuple[ZoneInfo, datetime], period: int, phase_hours: int, hours: int
) -> None:
    zone, start = place
    phase = phase_hours * HOUR % period
    end = start + timedelta(hours=hours)
    grid = LocalGrid(zone, period, phase)

    walked = dict(grid_indexes(zone, period, phase, start, end, tick=60))

    assert list(walked) == indexes(grid, start, end)
    labels = [WALL_EPOCH + timedelta(seconds=grid.label(int(index.timestamp()))) for index in walked]
    assert labels == list(walked.values())


@settings(max_examples=40)
@given(place=zones_and_instants(), period=st.sampled_from([1, 2, 15, 60, 900, HOUR]), minutes=st.integers(0, 20))
def test_indexes_are_those_of_a_walk_by_the_second(place: tuple[ZoneInfo, datetime], period: int, minutes: int) -> None:
    zone, start = place
    end = start + timedelta(minutes=minutes)
    lead = timedelta(hours=2)

    walked = [index for index, _ in grid_indexes(zone, period, 0, start, end, tick=1, lead=lead)]

    assert walked == indexes(LocalGrid(zone, period), start, end)


@pytest.mark.parametrize(
    ("zone", "year"),
    [("Europe/Amsterdam", 1937), ("Asia/Kolkata", 1906), ("Africa/Monrovia", 1972), ("America/New_York", 1883)],
)
@pytest.mark.parametrize("period", [60, 300, HOUR, 6 * HOUR])
def test_clocks_that_were_off_by_seconds_are_followed_too(zone: str, year: int, period: int) -> None:
    where = ZoneInfo(zone)
    for change in changes(where, year):
        start, end = change - timedelta(hours=7), change + timedelta(hours=7)
        walked = [index for index, _ in grid_indexes(where, period, 0, start, end, tick=1, lead=timedelta(hours=7))]
        assert walked == indexes(LocalGrid(where, period), start, end)


@settings(max_examples=150)
@given(
    place=zones_and_instants(1850, 2200),
    period=periods | st.just(1),
    phase_hours=st.integers(0, 23),
    seconds=st.integers(0, 200_000),
)
def test_the_floor_is_the_last_index_until_an_instant(
    place: tuple[ZoneInfo, datetime], period: int, phase_hours: int, seconds: int
) -> None:
    zone, start = place
    at = int(start.timestamp()) + seconds
    grid = LocalGrid(zone, period, phase_hours * HOUR % period)

    floor = grid.floor(at)

    assert floor <= at
    assert floor == grid.floor(floor)
    assert [floor] == list(grid.indexes(floor, at))
    assert next(grid.indexes(at + 1, at + 10**6)) > at


@settings(max_examples=150)
@given(place=zones_and_instants(1850, 2200), period=periods, days=st.integers(0, 400))
def test_a_step_divides_all_indexes(place: tuple[ZoneInfo, datetime], period: int, days: int) -> None:
    zone, start = place
    first, last = int(start.timestamp()), int(start.timestamp()) + days * 86_400
    grid = LocalGrid(zone, period)

    step = grid.step(first, last)

    assert period % step == 0
    assert all(index % step == 0 for index in grid.indexes(first, last))


@pytest.mark.parametrize(
    ("zone", "period", "start", "end", "step"),
    [
        ("UTC", HOUR, "2024-01-01", "2024-12-31", HOUR),
        ("UTC", 24 * HOUR, "1900-01-01", "2100-01-01", 24 * HOUR),
        ("Europe/London", 24 * HOUR, "2024-01-01", "2024-02-01", 24 * HOUR),
        ("Europe/London", 24 * HOUR, "2024-01-01", "2024-12-31", HOUR),
        ("Europe/London", 6 * HOUR, "2024-06-01", "2024-06-02", HOUR),
        ("Europe/Athens", 6 * HOUR, "2024-01-01", "2024-01-02", 2 * HOUR),
        ("Asia/Kolkata", HOUR, "2024-01-01", "2024-12-31", HOUR // 2),
        ("Asia/Kathmandu", HOUR, "2024-01-01", "2024-12-31", HOUR // 4),
        ("Asia/Kathmandu", 60, "2024-01-01", "2024-12-31", 60),
        ("Europe/Amsterdam", HOUR, "1930-01-01", "1930-02-01", 4),
        ("Africa/Monrovia", HOUR, "1971-01-01", "1971-02-01", 30),
        ("America/St_Johns", HOUR, "2008-01-01", "2008-01-02", HOUR // 2),
        ("America/St_Johns", HOUR, "2008-03-09", "2008-03-10", 60),
    ],
)
def test_the_step_follows_from_the_offsets_in_force(zone: str, period: int, start: str, end: str, step: int) -> None:
    first, last = int(instant(start).timestamp()), int(instant(end).timestamp())

    assert step == LocalGrid(ZoneInfo(zone), period).step(first, last)


@settings(max_examples=80)
@given(place=zones_and_instants(), hour=st.integers(0, 23))
def test_a_label_is_found_at_the_first_instant_that_reaches_it(place: tuple[ZoneInfo, datetime], hour: int) -> None:
    zone, at = place
    local = datetime(at.year, at.month, at.day, hour)  # noqa: DTZ001 - a local time
    label = int((local - WALL_EPOCH).total_seconds())

    found = LocalGrid(zone, 24 * HOUR, hour * HOUR).instant(label)

    assert first_reaching(zone, local) == EPOCH + timedelta(seconds=found)


@pytest.mark.parametrize("period", [0, -3600, 7 * HOUR, 86_401, 172_800])
def test_a_period_that_does_not_divide_a_day_is_refused(period: int) -> None:
    with pytest.raises(ValueError, match="does not divide a day"):
        LocalGrid(ZoneInfo("UTC"), period)
