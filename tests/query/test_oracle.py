"""Random facts and random valid queries: the engine answers as the reference does."""

import itertools
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from meterd.access import Caller, SubjectType
from meterd.query.model import HistogramBin
from tests.datasources import DATASOURCES
from tests.datasources.declaration import Declaration
from tests.datasources.members import METADATA_KEYS, SUBJECTS, TAGS, TEAMS, codes, texts
from tests.datasources.values import Values, dictionaries, fixed_dictionaries, integers, sampled_from, subsets
from tests.datasources.vocabulary import FULL, PERCENTILES, RATES, SCALARS, TEAM
from tests.engines import CHDB
from tests.query.reference import (
    ARRAYS,
    SECONDS,
    SUBJECT_TYPES,
    RealEngine,
    answer,
    column_name,
    response_key,
    value_of,
)

EXAMPLES = settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)

_run = itertools.count()

SPANS = [1, 90, 5 * 3600, 10 * 86_400, 400 * 86_400, 30 * 366 * 86_400]
ANCHORS = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 58, 999_999, tzinfo=UTC),
    datetime(2024, 2, 29, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),
]


ZONES = [
    "Europe/Berlin",
    "America/St_Johns",
    "America/Havana",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
]
"""Clocks that change by an hour and by half, at midnight and a minute after it, and a zone that skipped a day."""


ANY_CODE, ANY_TEXT = codes.strategy(), texts.strategy()
SOUGHT = {"isFailure": st.booleans(), "httpStatusCode": ANY_CODE | st.floats(100, 600), "httpstatus": ANY_CODE}

BY_CALLER = st.lists(st.sampled_from(["userEmail", "virtualaccount", "team", "createdBySubjectType"]), max_size=4)


class Source:
    """What queries of a datasource may say, and where the values of its rows come from."""

    def __init__(self, declaration: Declaration) -> None:
        self.name = declaration.name
        self.dataset = declaration.dataset
        self.members = declaration.members
        self.totals = declaration.totals
        self.distributions = declaration.distributions
        keys = [f"metadata.{key}" for key in METADATA_KEYS if key]
        self.groups = [*declaration.groups, *declaration.further, *keys]
        self.counted = [group for group in self.groups if group not in SUBJECT_TYPES]
        self.measures = declaration.measures
        self.operators = declaration.filters | dict.fromkeys((*declaration.further, *keys), FULL)
        self.grouped = st.lists(st.sampled_from(self.groups), max_size=3) | BY_CALLER
        self._aggregations = {kind: self._aggregated(kind) for kind in ("distribution", "timeseries")}

    def sought(self, name: str) -> st.SearchStrategy[Any]:
        """Values to filter a field by."""
        if name in ("userEmail", "virtualAccount"):
            return st.sampled_from([*SUBJECTS, "x", "io", ""])
        if name == "createdBySubjectType":
            return st.sampled_from(["user", "virtualaccount", "robot"])
        if name == "team":
            return st.sampled_from([*TEAMS, "nobody"])
        if name in ("tag", "label"):
            return st.sampled_from(TAGS)
        if name in self.measures:
            return st.integers(-1, 2**64) | st.floats(0, 1e6)
        return SOUGHT.get(name, ANY_TEXT)

    def aggregations(self, kind: str, bins: int) -> st.SearchStrategy[list[dict[str, Any]]]:
        """Return up to five aggregations, with histograms of `bins` bins among them unless that is 0."""
        plain = self._aggregations[kind]
        if not bins:
            return st.lists(plain, max_size=5)
        counting = [{"type": "histogram", "buckets": bins, "column": column} for column in self.measures]
        return st.lists(plain | st.sampled_from(counting), max_size=5)

    def _aggregated(self, kind: str) -> st.SearchStrategy[dict[str, Any]]:
        over_time = kind == "timeseries"
        functions = [
            ([*SCALARS, *PERCENTILES, *(RATES if over_time else [])], self.measures),
            (["increase", *(["rateIncrease"] if over_time else [])], self.totals),
            (PERCENTILES, self.distributions),
            (["count", "countDistinct", *(["ratePerMinute"] if over_time else [])], self.counted),
        ]
        return st.one_of(
            [
                st.fixed_dictionaries({"type": st.sampled_from(types), "column": st.sampled_from(columns)})
                for types, columns in functions
                if columns
            ]
        )


@st.composite
def windows(draw: st.DrawFn) -> tuple[datetime, timedelta]:
    """A start and a length, around which the facts of an example lie."""
    span = timedelta(seconds=draw(st.sampled_from(SPANS)))
    return draw(st.sampled_from(ANCHORS)) + draw(st.timedeltas(timedelta(0), timedelta(days=40))), span


COMMON_MEMBERS = {
    "tenant": sampled_from(["one", "one", "one", "two"]),
    "createdBySubjectSlug": sampled_from(SUBJECTS),
    "createdBySubjectType": sampled_from(["user", "virtualaccount"]),
    "teams": subsets(TEAMS, 3),
    "metadata": dictionaries([*METADATA_KEYS, "region"], texts, 2),
}


def rows_of(source: Source, window: tuple[datetime, timedelta]) -> st.SearchStrategy[dict[str, Any]]:
    """Rows whose times often lie at one of the eighths of a window."""
    start, span = window
    behind = integers(0, span // timedelta(microseconds=8))
    times = Values(lambda random: start + random.randint(0, 8) * span / 8 + timedelta(microseconds=behind.draw(random)))
    return fixed_dictionaries(COMMON_MEMBERS | source.members | {"createdAt": times}).strategy()


def facts(rows: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(rows, min_size=6, max_size=15) | st.lists(rows, min_size=2, max_size=6) | st.lists(rows, max_size=1)


@st.composite
def callers(draw: st.DrawFn) -> Caller:
    """Tenant administrators, users and virtual accounts, with and without teams, of either tenant and a third."""
    return Caller(
        tenant=draw(st.sampled_from(["one", "one", "one", "one", "two", "three"])),
        subject=draw(st.sampled_from(SUBJECTS)),
        subject_type=draw(st.sampled_from(list(SubjectType))),
        teams=tuple(draw(st.lists(st.sampled_from([*TEAMS, "other"]), unique=True, max_size=2))),
        tenant_admin=draw(st.sampled_from([True, True, False])),
    )


def _written(time: datetime, way: int) -> str:
    """One of the ISO 8601 forms of a time."""
    if way == 0:
        return time.isoformat().replace("+00:00", "Z")
    if way == 1:
        return time.replace(tzinfo=None).isoformat()
    return time.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()


@st.composite
def filters(draw: st.DrawFn, source: Source, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A filter on any field; its value is often one that a row has."""
    name = draw(st.sampled_from(list(source.operators)))
    operator = draw(st.sampled_from(source.operators[name]))
    one = source.sought(name)
    found = [value_of(row, name) for row in rows]
    found = (
        [element for elements in found for element in elements]
        if name in ARRAYS
        else [each for each in found if each is not None]
    )
    if found:
        one = st.sampled_from(found) | one
    if operator == "IS_NULL":
        value: Any = draw(st.booleans())
    elif operator == "BETWEEN":
        value = draw(st.lists(one, min_size=2, max_size=2))
    elif operator in ("IN", "NOT_IN", *TEAM):
        value = draw(st.lists(one, max_size=4))
    else:
        value = draw(one)
    if name.startswith("metadata.") and draw(st.booleans()):
        return {"metadataKey": name.removeprefix("metadata."), "operator": operator, "value": value}
    return {"fieldName": name, "operator": operator, "value": value}


@st.composite
def intervals(draw: st.DrawFn, length: timedelta) -> dict[str, Any]:
    """An interval that cuts the window into fewer buckets than the limit."""
    shortest = {**SECONDS, "month": 28 * 86_400, "year": 365 * 86_400}
    units = [unit for unit, seconds in shortest.items() if length.total_seconds() / seconds < 40_000]
    unit = draw(st.sampled_from(units))
    count = draw(st.sampled_from([1, 1, 2, 3, 5, 7, 12, 13, 90]))
    if unit == "second" and draw(st.booleans()):
        return {"intervalInSeconds": count}
    return {"interval": f"{count} {unit}{draw(st.sampled_from(['', 's']))}"}


@st.composite
def bodies(
    draw: st.DrawFn, source: Source, window: tuple[datetime, timedelta], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    start, span = window
    slack = timedelta(seconds=span.total_seconds() / 4)
    first = start + draw(st.sampled_from([timedelta(0), timedelta(0), timedelta(microseconds=1), slack]))
    last = start + span + draw(st.sampled_from([slack, timedelta(0), timedelta(microseconds=1), -slack]))
    kind = draw(st.sampled_from(["distribution", "timeseries"]))
    bins = draw(st.sampled_from([0, 0, 0, 1, 2, 3, 10, 100])) if source.measures else 0
    body: dict[str, Any] = {
        "startTs": _written(first, draw(st.integers(0, 2))),
        "endTs": _written(last, draw(st.integers(0, 2))),
        "datasource": source.name,
        "type": kind,
        "aggregations": draw(source.aggregations(kind, bins)),
        "groupBy": draw(source.grouped),
        "filters": draw(st.lists(filters(source, rows), max_size=2)),
    }
    if kind == "timeseries":
        body |= draw(intervals(last - first))
    if draw(st.booleans()):
        body["timezone"] = draw(st.sampled_from(ZONES))
    if draw(st.booleans()):
        body |= draw(orders(body))
    if body["groupBy"] and draw(st.booleans()):
        body["totals"] = True
    return body


@st.composite
def orders(draw: st.DrawFn, body: dict[str, Any]) -> dict[str, Any]:
    """An order of groups by what is computed without rounding, and sometimes how many groups are wanted."""
    if not body["groupBy"] or any(each["column"] == "histogram" for each in body["aggregations"]):
        return {}
    exact = [each for each in body["aggregations"] if each["type"] in ("count", "countDistinct", "min", "max")]
    columns = [(each["type"], each["column"]) for each in exact]
    columns += [(function, column_name(column)) for function, column in columns]
    names = ["total", *(function + column[0].upper() + column[1:] for function, column in columns)]
    names += [*body["groupBy"], *(response_key(group) for group in body["groupBy"])]
    order = {"orderBy": draw(st.sampled_from(names))}
    grouped = [each for each in body["aggregations"] if each["type"] == "countDistinct" and each["column"] in ARRAYS]
    choices: dict[str, list[Any]] = {
        "order": ["asc", "desc"],
        "limit": [1, 1, 2, 5],
        "other": [False] if grouped else [True, True, False],
    }
    return order | {name: draw(st.sampled_from(values)) for name, values in choices.items() if draw(st.booleans())}


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    with RealEngine(tmp_path_factory.mktemp("clickhouse"), engine=CHDB) as engine:
        yield engine


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    with RealEngine(tmp_path_factory.mktemp("oracle")) as engine:
        yield engine


def assert_same(got: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Equal, of equal types and in equal order; floating-point numbers to 1e-9 of their size."""
    note(f"expected {expected}")
    note(f"got      {got}")
    assert len(got) == len(expected)
    for mine, theirs in zip(got, expected, strict=True):
        assert mine.keys() == theirs.keys()
        for key, value in theirs.items():
            assert type(mine[key]) is type(value), key
            if isinstance(value, list):
                assert_same_bins(mine[key], value)
            elif isinstance(value, float):
                assert math.isclose(mine[key], value, rel_tol=1e-9, abs_tol=1e-12), key
            else:
                assert mine[key] == value, key


def assert_same_bins(got: list[HistogramBin], expected: list[tuple[float | None, float, int]]) -> None:
    """Equal counts; edges may have been computed in another way."""
    assert [each.count for each in got] == [count for _, _, count in expected]
    assert [each.lower is None for each in got] == [lower is None for lower, _, _ in expected]
    for mine, (lower, upper, _) in zip(got, expected, strict=True):
        assert mine.upper == pytest.approx(upper, rel=1e-9)
        assert (mine.lower or 0) == pytest.approx(lower or 0, rel=1e-9)


def _own(number: int, tenant: str) -> str:
    """Tenants of one example, so that examples don't see each other's facts."""
    return f"{number}-{tenant}"


SOURCES = [*map(Source, DATASOURCES.values())]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
@EXAMPLES
@given(data=st.data(), window=windows(), caller=callers())
def test_queries_are_answered_as_specified(
    real: RealEngine, source: Source, data: st.DataObject, window: tuple[datetime, timedelta], caller: Caller
) -> None:
    assert_answered_as_specified(real, source, data, window, caller)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
@settings(EXAMPLES, max_examples=300 if settings.get_current_profile_name() == "campaign" else 10)
@given(data=st.data(), window=windows(), caller=callers())
def test_clickhouse_answers_as_specified(
    clickhouse: RealEngine, source: Source, data: st.DataObject, window: tuple[datetime, timedelta], caller: Caller
) -> None:
    assert_answered_as_specified(clickhouse, source, data, window, caller)


def assert_answered_as_specified(
    engine: RealEngine, source: Source, data: st.DataObject, window: tuple[datetime, timedelta], caller: Caller
) -> None:
    rows = data.draw(facts(rows_of(source, window)), label="rows")
    body = data.draw(bodies(source, window, rows), label="body")
    number = next(_run)
    rows = [row | {"tenant": _own(number, row["tenant"])} for row in rows]
    caller = Caller(_own(number, caller.tenant), caller.subject, caller.subject_type, caller.teams, caller.tenant_admin)
    engine.append(source.dataset, rows)
    assert_same(engine.answer(body, caller), answer(body, rows, caller))
