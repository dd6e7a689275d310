"""Series against a slow computation from the raw records, in a real engine (`docs/specifications/usage-metrics.md`
sections 9 to 15).
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterd.access import Caller, SubjectType
from meterd.api.usage import series as series_module
from meterd.api.usage.observed import OBSERVED, observed_named
from meterd.api.usage.providers import PROVIDERS, Metric, Provider
from meterd.api.usage.series import Question, Series, series
from meterd.calendars.codes import calendar_for
from meterd.calendars.definitions import calendar_of
from meterd.calendars.model import Calendar
from meterd.calendars.ranges import Range
from meterd.errors import InvalidInput
from meterd.query.model import Compare, Comparison, Condition, Field
from tests.api.usage.calendars_drawn import calendars
from tests.api.usage.observing import Record, observe, scaled
from tests.calendars.walk import zones_and_instants
from tests.query.reference import RealEngine

SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
ANCHORS = [
    datetime.fromisoformat(f"{day}Z")
    for day in (
        "2024-02-29T00:00",
        "2024-03-01T00:00",
        "2023-12-31T23:59:59",
        "2000-02-29T00:00",
        "2021-01-31T00:00",
        "1970-01-01T12:00",
    )
]
METRICS = [(provider, metric) for provider in PROVIDERS.values() for metric in provider.metrics]

Row = dict[str, Any]
Ask = Callable[[Question], Series]


Append = Callable[[Provider, list[Row]], Ask]


@pytest.fixture(scope="module")
def append(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Append]:
    """Stores records in a real engine, and gives a way to ask for series of them; each time for a tenant of its own."""
    tenants = itertools.count()
    with RealEngine(tmp_path_factory.mktemp("series")) as real, asyncio.Runner() as runner:

        def store(provider: Provider, rows: list[Row]) -> Ask:
            tenant = f"tenant-{next(tenants)}"
            real.append(provider.dataset, [row | {"tenant": tenant} for row in rows])
            caller = Caller(tenant, "root", SubjectType.USER, tenant_admin=True)
            return lambda question: runner.run(series(real.engine, question, caller))

        yield store


def row_of(provider: Provider, time: datetime, amount: int, **members: Any) -> Row:
    """A record; its value is the amount, of a queue a 128th of it, which has seven decimals."""
    if provider.name == "AzureServiceBus":
        return {"createdAt": time, "value": amount / 128} | members
    own = {"name": "nightly"} if provider.name == "ODSLProcess" else {"responseSize": amount}
    return {"createdAt": time, "duration": amount} | own | members


def calls(*times: str, **members: Any) -> list[Row]:
    provider = PROVIDERS["ODSLRequest"]
    return [row_of(provider, instant(time), 1, **({"method": "get"} | members)) for time in times]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def question(
    metric: str = "ODSLRequest/ReadRequests",
    calendar: Calendar | str = "#PT1H",
    observed: str = "summed",
    range_: Range | None = None,
    condition: Condition | None = None,
    scaling: bool = True,
) -> Question:
    provider = PROVIDERS[metric.partition("/")[0]]
    (found,) = (each for each in provider.metrics if each.name == metric.partition("/")[2])
    made = calendar_for(calendar) if isinstance(calendar, str) else calendar
    return Question(provider, found, made, observed_named(observed), range_ or Range(), condition, scaling)


def test_an_example_from_the_specification(append: Append) -> None:
    ask = append(PROVIDERS["ODSLRequest"], calls(*["2024-11-20T09:00"] * 12, *["2024-11-20T11:59:59.999999"] * 3))

    at = instant("2024-11-20T09:00")
    assert [(at, 12), (at + timedelta(hours=1), None), (at + timedelta(hours=2), 3)] == ask(question()).observations


def records_of(provider: Provider, metric: Metric, rows: list[Row]) -> list[Record]:
    """Section 5, as tables: which records a metric is made from, and what the value of each is."""
    methods = {"Read": ("get",), "Writ": ("post", "put"), "Dele": ("delete",)}.get(metric.name[:4])
    found = []
    for row in rows:
        if provider.name == "AzureServiceBus":
            value = row["value"] if row["metric"] == metric.name else None
        elif metric.name.endswith("Requests"):
            value = 1
        else:
            value = row.get("responseSize" if metric.name.endswith("Size") else "duration")
        if provider.name == "ODSLRequest" and methods and row.get("method") not in methods:
            value = None
        if value is not None:
            found.append((row["createdAt"], value))
    return found


class Example(NamedTuple):
    """Records, a question about them, and the rows that its range and condition leave."""

    rows: list[Row]
    question: Question
    selected: list[Row]


@st.composite
def examples(draw: st.DrawFn) -> Example:
    provider, metric = draw(st.sampled_from(METRICS))
    zone, near = draw(zones_and_instants())
    anchor = draw(st.just(near) | st.sampled_from(ANCHORS))
    calendar, spread = draw(calendars(zone.key))
    rows = _with_members(draw, provider, metric, _times(draw, calendar, anchor, spread))
    range_ = draw(_ranges(anchor, spread))
    field = "queue" if provider.name == "AzureServiceBus" else "environment"
    condition = draw(st.none() | st.just(Compare(Field(field), Comparison.EQUAL, "mine")))
    start, end = range_.start or instant("1970-01-01"), range_.end or instant("2900-01-01")
    selected = [
        row
        for row in rows
        if start <= row["createdAt"] < end + SECOND and (condition is None or row.get(field) == "mine")
    ]
    observed = draw(st.sampled_from(sorted(OBSERVED)))
    return Example(rows, Question(provider, metric, calendar, observed_named(observed), range_, condition), selected)


def _times(draw: st.DrawFn, calendar: Calendar, anchor: datetime, spread: timedelta) -> list[datetime]:
    """All different; some at indexes of the calendar and in the microsecond before."""
    seconds = st.integers(0, int(spread.total_seconds()))
    offsets = draw(st.lists(st.tuples(seconds, st.sampled_from([0, 1, 500_000, 999_999])), max_size=25))
    times = [anchor + timedelta(seconds=second, microseconds=fraction) for second, fraction in offsets]
    indexes = list(itertools.islice(calendar.indexes(anchor, anchor + spread), 6))
    times += [index - each for index in indexes for each in draw(st.sets(st.sampled_from([MICROSECOND, 0 * SECOND])))]
    return draw(st.permutations(sorted({max(time, datetime(1970, 1, 1, tzinfo=UTC)) for time in times})))


def _with_members(draw: st.DrawFn, provider: Provider, metric: Metric, times: list[datetime]) -> list[Row]:
    rows = []
    for time in times:
        row = row_of(
            provider, time, draw(st.integers(-(2**20), 2**20) if metric.value == "value" else st.integers(0, 2**40))
        )
        if provider.name == "AzureServiceBus":
            row |= {"metric": draw(st.sampled_from([metric.name] * 4 + ["Size", "Messages"]))}
            row |= draw(st.sampled_from([{}, {"queue": "mine"}, {"queue": "other"}]))
        else:
            row |= draw(st.sampled_from([{}, {"environment": "mine"}, {"environment": "other"}]))
            row |= draw(st.sampled_from([{}, {}, {"duration": None}]))
        if provider.name == "ODSLRequest":
            row |= draw(st.sampled_from([{}, {"responseSize": None}]))
            row |= {"method": draw(st.sampled_from(["get", "get", "post", "put", "delete", "head", None]))}
        rows.append(row)
    return rows


def _ranges(anchor: datetime, spread: timedelta) -> st.SearchStrategy[Range]:
    seconds = st.integers(-100, int(spread.total_seconds()) + 100)
    bounds = st.lists(seconds, min_size=2, max_size=2).map(sorted)
    return st.one_of(
        st.just(Range()),
        st.builds(lambda second: Range(anchor + second * SECOND), seconds),
        st.builds(lambda both: Range(anchor + both[0] * SECOND, anchor + both[1] * SECOND), bounds),
        st.builds(lambda last: Range(last=last), st.integers(1, 40)),
    )


@given(example=examples(), threshold=st.sampled_from([3, 20, 100_000]), scaling=st.booleans())
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_a_series_is_what_the_records_say(append: Append, example: Example, threshold: int, scaling: bool) -> None:
    asked = example.question
    ask = append(asked.provider, example.rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series_module, "THRESHOLD", threshold)
        found = ask(question_with(asked, scaling))

    records = records_of(asked.provider, asked.metric, example.selected)
    if scaling:
        observations, steps = scaled(records, asked.calendar, asked.observed.name, threshold)
    else:
        observations, steps = observe(records, asked.calendar, asked.observed.name), 0
    if asked.range.last:
        observations = observations[-asked.range.last :]
    assert (observations, steps) == (found.observations, found.scaled)


def question_with(asked: Question, scaling: bool) -> Question:
    return Question(asked.provider, asked.metric, asked.calendar, asked.observed, asked.range, asked.condition, scaling)


def test_numbers_are_rounded_half_up_to_six_decimals_and_whole_ones_have_no_fraction(append: Append) -> None:
    values = [0.0078125, -0.0078125, 0.0000005, 0.00000049, 2.0, 1e20, 0.1234565, -3.0]
    rows = [
        {"createdAt": instant(f"2024-01-{day:02}"), "metric": "Size", "value": value}
        for day, value in enumerate(values, 1)
    ]
    ask = append(PROVIDERS["AzureServiceBus"], rows)

    found = [value for _, value in ask(question("AzureServiceBus/Size", "DAILY", "high")).observations]
    assert [0.007813, -0.007813, 0.000001, 0, 2, 10**20, 0.123457, -3] == found
    assert [float, float, float, int, int, int, float, int] == [type(value) for value in found]


@pytest.mark.parametrize("observed", sorted(OBSERVED))
def test_what_is_too_large_for_a_number_is_no_value(append: Append, observed: str) -> None:
    rows = [
        {"createdAt": instant(time), "metric": "Size", "value": value}
        for time, value in (
            ("2024-01-01", -1.7e308),
            ("2024-01-02", 1.7e308),
            ("2024-01-02T01", 1.7e308),
            ("2024-01-03", -1.7e308),
            ("2024-01-03T01", 1.7e308),
        )
    ]
    ask = append(PROVIDERS["AzureServiceBus"], rows)

    found = [value for _, value in ask(question("AzureServiceBus/Size", "DAILY", observed)).observations]
    assert {"summed": [False, True, False], "averaged": [False, True, False], "delta": [False, False, True]}.get(
        observed, [False] * 3
    ) == [value is None for value in found]


def test_a_range_of_years_with_few_records_is_not_scaled(append: Append) -> None:
    ask = append(PROVIDERS["ODSLRequest"], calls("2024-01-01", "2024-01-01T01"))

    found = ask(
        question("ODSLRequest/ReadRequests", "#PT1M", range_=Range(instant("2020-01-01"), instant("2030-01-01")))
    )
    assert (61, 0) == (len(found.observations), found.scaled)


def test_thirty_days_of_minutes_are_scaled_to_days_unless_that_is_forbidden(append: Append) -> None:
    ask = append(PROVIDERS["ODSLRequest"], calls("2024-01-01", "2024-01-30T23:59"))

    asked = question(calendar="#PT1M")
    found = ask(asked)
    assert (30, 1) == (len(found.observations), found.scaled)
    assert (43_200, 0) == (len(ask(question_with(asked, False)).observations), 0)


def test_a_series_of_seconds_that_may_not_be_scaled_has_an_end(append: Append) -> None:
    ask = append(PROVIDERS["ODSLRequest"], calls("2024-01-01", "2024-01-30T23:59"))

    with pytest.raises(InvalidInput, match="200000 observations"):
        ask(question(calendar="#PT1S", scaling=False))


def test_averages_of_scaled_series_are_of_records_not_of_averages(append: Append) -> None:
    provider = PROVIDERS["ODSLProcess"]
    rows = [
        row_of(provider, instant(f"2024-01-01T{time}"), amount)
        for time, amount in (("00:00", 10), ("05:00", 20), ("05:01", 30), ("05:02", 40))
    ]
    ask = append(provider, rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series_module, "THRESHOLD", 3)
        found = ask(question("ODSLProcess/RunRequestDuration", "#PT1H", "averaged"))
    assert ([(instant("2024-01-01"), 25)], 1) == (found.observations, found.scaled)


def test_the_day_of_a_change_of_clocks_has_its_23_hours(append: Append) -> None:
    london = calendar_of({"_type": "DailyCalendar", "timezone": "Europe/London"}, lambda _: None)
    ask = append(PROVIDERS["ODSLRequest"], calls("2024-03-31T00:00", "2024-03-31T22:59:59.9", "2024-03-31T23:00"))

    assert [(instant("2024-03-31"), 2), (instant("2024-03-31T23:00"), 1)] == ask(question(calendar=london)).observations


@pytest.mark.parametrize("range_", [Range(), Range(instant("2024-01-01"), instant("2024-01-30"))])
def test_a_series_without_a_grid_is_scaled_by_how_many_records_there_are(append: Append, range_: Range) -> None:
    ask = append(PROVIDERS["ODSLRequest"], calls("2024-01-01T05:00", "2024-01-01T06:00", "2024-01-03T05:00"))
    asked = question(calendar="SPARSE", range_=range_)
    days = [(instant("2024-01-01"), 2), (instant("2024-01-02"), None), (instant("2024-01-03"), 1)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series_module, "THRESHOLD", 2)
        assert [1, 1, 1] == [value for _, value in ask(question_with(asked, False)).observations]
        assert ([(instant("2024-01-01"), 3)], 2) == (ask(asked).observations, ask(asked).scaled)
        patch.setattr(series_module, "THRESHOLD", 3)
        assert [1, 1, 1] == [value for _, value in ask(asked).observations]
    assert days == ask(question(calendar="DAILY")).observations
