"""Random questions of any dataset, made from its declaration alone: whatever the query model can ask."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from meterd.datasets import Column, Dataset, Kind
from meterd.query.buckets import Interval, Unit
from meterd.query.model import (
    Aggregate,
    And,
    Bin,
    Compare,
    Comparison,
    Condition,
    Field,
    Function,
    Group,
    GroupElement,
    HasAny,
    IsNull,
    JSONText,
    Listing,
    MapValue,
    Matches,
    Not,
    OneOf,
    Operand,
    Or,
    Order,
    Per,
    Query,
    Ranking,
    TagValue,
    TextTest,
)
from tests.datasources.members import METADATA_KEYS, TAGS, TEAMS, texts

ZONES = [
    "Europe/Berlin",
    "America/St_Johns",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
]
PATHS = [("a",), ("b",), ("b", "c"), ("b", "c", "d"), ("nothing",)]
PATTERNS = ["^p", "i$", "a.b", "[é日]", "", "P|x", "\\."]
TAG_KEYS = ["endpoint", "a", "é", ""]
_BOUNDS = (0.0, 1.0, 250.0)
_MOST_BUCKETS = 20_000
_OF_NUMBERS = [
    Function.SUM,
    Function.AVERAGE,
    Function.MINIMUM,
    Function.MAXIMUM,
    Function.PERCENTILE,
    Function.PERCENTILE,
    Function.LEAST_POSITIVE,
    Function.COUNT,
    Function.COUNT_DISTINCT,
    Function.FIRST,
    Function.LAST,
]
_OF_OTHERS = [
    Function.COUNT,
    Function.COUNT_DISTINCT,
    Function.MINIMUM,
    Function.MAXIMUM,
    Function.FIRST,
    Function.LAST,
]
_ARE_EXACT = (Function.COUNT, Function.COUNT_DISTINCT, Function.MINIMUM, Function.MAXIMUM)


class Questions:
    """Questions of a dataset about a window, which often mention what its facts hold."""

    def __init__(
        self, random: Random, dataset: Dataset, rows: Sequence[dict[str, Any]], start: datetime, length: timedelta
    ) -> None:
        self._random = random
        self._dataset = dataset
        self._rows = rows
        self._start, self._end = start, start + length
        columns = [column for column in dataset.columns if column.kind is not Kind.NUMBERS]
        self._numbers = [column for column in columns if column.kind.is_numeric]
        self._arrays = [column for column in columns if column.kind is Kind.TEXTS]
        self._scalars = [column for column in columns if not column.kind.is_array and column.kind is not Kind.TEXT_MAP]
        self._documents = [column for column in columns if column.kind is Kind.JSON]
        self._grouped = [column for column in self._scalars if column.kind not in (Kind.NUMBER, Kind.TIME)]

    def query(self) -> Query:
        random = self._random
        interval = self._interval() if random.random() < 0.5 else None
        groups = self._groups()
        aggregates = tuple(self._aggregate(f"a{number}", interval) for number in range(random.randint(0, 5)))
        ranking = self._ranking(groups, aggregates) if groups and random.random() < 0.6 else None
        return Query(
            self._dataset,
            self._start,
            self._end,
            groups,
            aggregates,
            self.condition() if random.random() < 0.6 else None,
            interval,
            ZoneInfo(random.choice(ZONES)) if random.random() < 0.5 else None,
            ranking,
            has_totals=bool(groups) and random.random() < 0.3,
        )

    def listing(self) -> Listing:
        """Return a listing in an order that has no equals."""
        random = self._random
        listed = [column.name for column in self._dataset.columns if column.kind is not Kind.NUMBERS]
        columns = tuple(random.sample(listed, random.randint(1, len(listed))))
        order = tuple(Order(column.name, random.random() < 0.5) for column in random.sample(self._scalars, 2))
        if "position" in self._dataset.by_name and random.random() < 0.5:
            order = (Order("position"),)
            limit = random.choice([1, 100, 1000])
            return Listing(self._dataset, columns, self.condition(), order, 20, max_bytes=limit)
        return Listing(
            self._dataset,
            columns,
            self.condition(),
            (*order, Order("ts", random.random() < 0.5)),
            random.choice([1, 3, 20]),
            random.choice([0, 0, 1, 4]),
        )

    def condition(self, depth: int = 2) -> Condition:
        random = self._random
        if depth and random.random() < 0.4:
            parts = tuple(self.condition(depth - 1) for _ in range(random.randint(0, 3)))
            choices: list[Condition] = [And(parts), Or(parts), Not(self.condition(depth - 1))]
            return random.choice(choices)
        if random.random() < 0.15:
            column = random.choice(self._arrays)
            return HasAny(column.name, tuple(random.sample([*TEAMS, *TAGS], 2)), random.random() < 0.5)
        column = random.choice(self._scalars)
        operand = self._text_operand() if column.kind in (Kind.TEXT, Kind.JSON) else Field(column.name)
        return self._test(operand, column)

    def _test(self, operand: Operand, column: Column) -> Condition:
        random = self._random
        is_negated = random.random() < 0.5
        is_text = column.kind in (Kind.TEXT, Kind.JSON)
        kind = random.choice(["compare", "one of", "null", *(["text"] if is_text else [])])
        if kind == "null":
            return IsNull(operand, is_negated)
        if kind == "text":
            test = random.choice(list(TextTest))
            is_pattern = test in (TextTest.HAS_MATCH, TextTest.HAS_MATCH_OF_ANY_CASE)
            return Matches(operand, test, random.choice(PATTERNS) if is_pattern else self._text(operand), is_negated)
        values = tuple(self._value(operand, column) for _ in range(random.randint(1, 3)))
        if kind == "one of":
            return OneOf(operand, random.choice([values, values, ()]), is_negated)
        comparisons = list(Comparison)[:2] if column.kind is Kind.BOOLEAN else list(Comparison)
        return Compare(operand, random.choice(comparisons), values[0])

    def _value(self, operand: Operand, column: Column) -> Any:
        """Return what to compare with, of a type that the column may be compared with."""
        random = self._random
        match column.kind:
            case Kind.TEXT | Kind.JSON:
                return self._text(operand)
            case Kind.BOOLEAN:
                return random.random() < 0.5
            case Kind.TIME:
                return self._start + random.randint(0, 8) * (self._end - self._start) / 8
        found = [row[column.member] for row in self._rows if row[column.member] is not None]
        others: list[Any] = [0, 1, 200] if column.kind is not Kind.NUMBER else [0.1, 250.0, 1]
        return random.choice([*found, *others])

    def _text(self, operand: Operand) -> str:
        column = self._dataset.by_name[operand.column]
        found = [row[column.member] for row in self._rows if isinstance(row[column.member], str)]
        return str(self._random.choice([*found[:5], "pii", "", "1", "x", texts.draw(self._random)]))

    def _text_operand(self) -> Operand:
        random = self._random
        fields = [column for column in self._scalars if column.kind is Kind.TEXT]
        choices: list[Operand] = [Field(random.choice(fields).name) for _ in range(3)]
        choices.append(MapValue("metadata", random.choice(METADATA_KEYS)))
        choices += [TagValue(column.name, random.choice(TAG_KEYS)) for column in self._arrays]
        choices += [JSONText(column.name, random.choice(PATHS)) for column in self._documents]
        return random.choice(choices)

    def _groups(self) -> tuple[Group | GroupElement, ...]:
        random = self._random
        groups: list[Group | GroupElement] = []
        for number in range(random.choice([0, 1, 1, 2, 3])):
            key = f"g{number}"
            choices: list[Operand] = [Field(random.choice(self._grouped).name), self._text_operand()]
            if self._numbers:
                choices.append(Bin(random.choice(self._numbers).name, _BOUNDS))
            groups.append(Group(key, random.choice(choices)))
        used = random.sample(self._arrays, random.choice([0, 0, 1, min(2, len(self._arrays))]))
        return (*groups, *(GroupElement(f"e{number}", column.name) for number, column in enumerate(used)))

    def _aggregate(self, key: str, interval: Interval | None) -> Aggregate:
        random = self._random
        per = random.choice([None, None, *Per]) if interval else None
        series = self._dataset.series
        if series and random.random() < 0.3:
            return Aggregate(key, Function.INCREASE, Field(series.value), per=per)
        if self._arrays and random.random() < 0.15:
            function = random.choice([Function.COUNT, Function.COUNT_DISTINCT])
            return Aggregate(key, function, Field(random.choice(self._arrays).name))
        if not self._numbers or random.random() < 0.3:
            return Aggregate(key, random.choice(_OF_OTHERS), Field(random.choice(self._scalars).name))
        column = random.choice(self._numbers)
        if random.random() < 0.15:
            return Aggregate(key, Function.HISTOGRAM, Field(column.name), bin_count=random.choice([1, 3, 10]))
        function = random.choice(_OF_NUMBERS)
        fraction = random.choice([0.0, 0.5, 0.9, 0.99, 0.999, 1.0]) if function is Function.PERCENTILE else 0.0
        return Aggregate(key, function, Field(column.name), fraction, per)

    def distribution(self) -> Query:
        """Return a query for percentiles of running distributions."""
        random = self._random
        percentiles = tuple(
            Aggregate(
                f"p{number}", Function.HISTOGRAM_PERCENTILE, Field("bucket_counts"), random.choice([0.0, 0.5, 1.0])
            )
            for number in range(random.randint(1, 2))
        )
        interval = self._interval() if random.random() < 0.5 else None
        condition = self.condition() if random.random() < 0.5 else None
        groups = tuple(group for group in self._groups() if isinstance(group, Group))
        return Query(self._dataset, self._start, self._end, groups, percentiles, condition, interval)

    def _ranking(self, groups: Sequence[Group | GroupElement], aggregates: Sequence[Aggregate]) -> Ranking:
        """Return an order by what is computed without rounding."""
        random = self._random
        exact = [each.key for each in aggregates if each.function in _ARE_EXACT and each.per is None]
        key = random.choice(["total", *exact, *(group.key for group in groups)])
        limit = random.choice([None, 1, 2, 5])
        has_other = limit is not None and random.random() < 0.6
        return Ranking(key, random.random() < 0.5, limit, has_other)

    def _interval(self) -> Interval:
        random = self._random
        seconds = (self._end - self._start).total_seconds()
        count = random.choice([1, 1, 2, 3, 5, 7, 13, 90])
        units = [
            unit for unit in Unit if seconds / unit.value < _MOST_BUCKETS and count * unit.value < 90 * 366 * 86_400
        ]
        return Interval(count, random.choice(units))
