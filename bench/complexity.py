"""(m) The largest queries that their bounds allow: what planning and running them takes at most.

Memory that the engine takes to plan is beyond its own limits, so it is looked at from outside, on a store with a few
facts. Every query is drawn at random from what makes plans large, and is at its bounds.
"""

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.tables import table
from meterd.access import Caller, SubjectType
from meterd.datasets import DATASETS, METER_EVENTS, MODEL_CALLS, SESSION_METRICS, Dataset, Kind
from meterd.query.compile import compile_query
from meterd.query.complexity import MAX_DEPTH, MAX_DISTINCT, MAX_EXPRESSION_TEXT, MAX_EXPRESSIONS, Bounds
from meterd.query.dialects import DIALECTS
from meterd.query.model import (
    Aggregate,
    And,
    Compare,
    Comparison,
    Condition,
    Field,
    Function,
    Group,
    GroupElement,
    HasAny,
    MapValue,
    Matches,
    Not,
    OneOf,
    Operand,
    Or,
    Query,
    TagValue,
    TextTest,
)
from meterd.query.visibility import visible_to
from meterd.settings import Query as Limits
from meterd.store import DuckDBStore, Lines, QueryMemory, QueryTimeout

_FACTS = 1000
_KINDS = 4
_TIMEOUT = 30.0
_START, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_DATASETS = (SESSION_METRICS, MODEL_CALLS, METER_EVENTS)
_CALLER = Caller("t", "s", SubjectType.USER, teams=("red", "blue"))
_PATTERNS = ("(a|b|c)*x{{{0}}}y", "([a-z]+[0-9]*)*{0}", "(?:(?:a?){{50}}){{4}}{0}", ".*.*.*{0}", "\\pL+{0}\\pN*")


class Cost(NamedTuple):
    """How a query ended, after how many seconds, and by how many megabytes the process grew meanwhile at most."""

    outcome: str
    seconds: float
    growth: float


class Largest:
    """Draws queries at the bounds of `limits`."""

    def __init__(self, limits: Limits, seed: int) -> None:
        self._limits = limits
        self._random = random.Random(seed)

    def query(self) -> Query:
        dataset = self._random.choice(_DATASETS)
        return Query(
            dataset,
            _START,
            _END,
            groups=tuple(self._groups(dataset)),
            aggregates=tuple(self._aggregates(dataset)),
            condition=self._condition(dataset),
        )

    def _operand(self, dataset: Dataset, number: int) -> Operand:
        texts = [column.name for column in dataset.columns if column.kind is Kind.TEXT]
        kinds: list[Callable[[], Operand]] = [
            lambda: MapValue("metadata", f"k{number}"),
            lambda: Field(self._random.choice(texts)),
        ]
        if "tags" in dataset.by_name:
            kinds.append(lambda: TagValue("tags", f"k{number}"))
        return self._random.choice(kinds)()

    def _groups(self, dataset: Dataset) -> Iterator[Group | GroupElement]:
        arrays = [column.name for column in dataset.columns if column.kind is Kind.TEXTS]
        for number in range(self._limits.max_groups):
            if number < len(arrays):
                yield GroupElement(f"g{number}", arrays[number])
            else:
                yield Group(f"g{number}", self._operand(dataset, number))

    def _aggregates(self, dataset: Dataset) -> Iterator[Aggregate]:
        numbers = [column.name for column in dataset.columns if column.kind.is_numeric]
        every = [Function.COUNT, Function.COUNT_DISTINCT, Function.FIRST, Function.LAST, Function.PERCENTILE]
        functions = self._random.choice([every, *([each] for each in every)])  # all of a kind may be the worst
        distinct = 0
        for number in range(self._limits.max_aggregates):
            function = self._random.choice(functions)
            distinct += function is Function.COUNT_DISTINCT
            if distinct > MAX_DISTINCT:
                function = Function.FIRST
            if function is Function.PERCENTILE:
                yield Aggregate(f"a{number}", function, Field(self._random.choice(numbers)), self._random.random())
            elif dataset.series and self._random.random() < 0.1:
                yield Aggregate(f"a{number}", Function.INCREASE, Field(dataset.series.value))
            else:
                yield Aggregate(f"a{number}", function, self._operand(dataset, number))

    def _condition(self, dataset: Dataset) -> Condition:
        kind = self._random.choice((None, *range(_KINDS)))
        tests = [self._test(dataset, number, kind) for number in range(self._limits.max_conditions)]
        shape = self._random.choice((And, Or, None))
        if shape is not None:
            return shape(tuple(tests))
        nested = tests.pop()
        for level in range(MAX_DEPTH - 2):
            kind = (And, Or)[level % 2]
            nested = kind((tests.pop(), nested)) if tests else Not(nested)
        return nested

    def _test(self, dataset: Dataset, number: int, kind: int | None) -> Condition:
        """A test of a kind, or of any."""
        operand, text = self._operand(dataset, number), f"v{number}"
        each = self._limits.max_values // self._limits.max_conditions
        values = tuple(f"v{number}-{value}" for value in range(each))
        if kind is None and number < MAX_EXPRESSIONS:
            pattern = self._random.choice(_PATTERNS).format(number)
            longest = MAX_EXPRESSION_TEXT // MAX_EXPRESSIONS
            return Matches(
                operand, TextTest.HAS_MATCH_OF_ANY_CASE, "|".join([pattern] * (longest // (len(pattern) + 1)))
            )
        kinds: list[Callable[[], Condition]] = [
            lambda: Matches(operand, TextTest.CONTAINS, text, self._random.random() < 0.5),
            lambda: OneOf(operand, values, self._random.random() < 0.5),
            lambda: HasAny("teams", values),
            lambda: Compare(operand, Comparison.GREATER, text),
        ]
        return self._random.choice(kinds)() if kind is None else kinds[kind]()


def costs(queries: Iterable[Query], limits: Limits) -> list[Cost]:
    """What each query costs, one after the other on a store of its own. Queries that are refused cost as well."""
    with tempfile.TemporaryDirectory() as folder:
        store = _store(Path(folder))
        try:
            return [_cost(store, query, limits) for query in queries]
        finally:
            store.close()


def _store(folder: Path) -> DuckDBStore:
    store = DuckDBStore(folder / "store.duckdb")
    store.create(DATASETS.values())
    row = {
        "createdAt": "2026-01-01T00:00:00Z",
        "createdBySubjectSlug": "s",
        "createdBySubjectType": "user",
        "teams": ["red", "blue"],
        "metadata": {f"k{number}": "abc123" * 20 for number in range(64)},
    }
    text = "\n".join([msgspec.json.encode(row).decode()] * _FACTS)
    store.append([Lines(dataset, "t", text, _FACTS) for dataset in _DATASETS], 1)
    return store


def _cost(store: DuckDBStore, query: Query, limits: Limits) -> Cost:
    before, started = _reset_peak(), time.perf_counter()
    try:
        bounded = Bounds(limits, lambda _reason: None).query(query)
        compiled = compile_query(bounded, visible_to(_CALLER), DIALECTS[store.dialect], limits.max_rows + 1)
        store.select(compiled.sql, compiled.parameters, _TIMEOUT)
    except (QueryTimeout, QueryMemory) as error:
        return Cost(type(error).__name__, time.perf_counter() - started, _status("VmHWM") - before)
    return Cost("answered", time.perf_counter() - started, _status("VmHWM") - before)


def _reset_peak() -> float:
    """Let the most memory that the process had be what it has now, in megabytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def _labels_only(conditions: int) -> Query:
    """What no limit bounded before: a test of a label each."""
    tests = tuple(Compare(MapValue("metadata", f"k{each}"), Comparison.EQUAL, "v") for each in range(conditions))
    return Query(MODEL_CALLS, _START, _END, condition=And(tests))


def measure(queries: int = 30) -> str:
    largest, unbounded = Largest(Limits(), seed=0), Limits(max_conditions=10_000)
    rows = [
        (
            f"{queries} at the default bounds, at most",
            *_maxima(costs((largest.query() for _ in range(queries)), Limits())),
        )
    ]
    rows += [
        (f"{conditions} conditions, nothing else", *_maxima(costs([_labels_only(conditions)], unbounded)))
        for conditions in (100, 300, 1000)
    ]
    title = f"The largest queries within their bounds, {_FACTS} facts, {os.cpu_count()} cores"
    return table(title, ("queries", "seconds", "memory, MB"), rows)


def _maxima(found: list[Cost]) -> tuple[float, float]:
    return max(cost.seconds for cost in found), max(cost.growth for cost in found)
