"""Random facts and questions of every dataset: ClickHouse answers as DuckDB does, row by row.

Of each dataset a few sets of facts are tried; `--hypothesis-profile=campaign` tries hundreds, others at each run.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from meterd.access import Caller, SubjectType
from meterd.datasets import DATASETS, Dataset
from meterd.errors import InvalidInput
from meterd.query.model import Row
from tests.datasources.members import SUBJECTS, TEAMS
from tests.engines import CHDB, DUCKDB
from tests.query.made_facts import facts, magnitude
from tests.query.made_questions import Questions
from tests.query.reference import RealEngine
from tests.query.test_oracle import ANCHORS, SPANS

RELATIVE = 1e-12
"""How far numbers with fractions may be apart, as a share of what was added up or interpolated."""
QUESTIONS = 3
STARTS = [
    *ANCHORS,
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1899, 12, 31, 23, 59, 58, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(9965, 6, 1, tzinfo=UTC),
]
"""Also of clocks that are far off: sessions have facts of whatever year."""
SETS = 300 if settings.get_current_profile_name() == "campaign" else 4

_run = itertools.count()
Engines = tuple[RealEngine, RealEngine]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    with (
        RealEngine(tmp_path_factory.mktemp("one"), engine=DUCKDB) as one,
        RealEngine(tmp_path_factory.mktemp("other"), engine=CHDB) as other,
    ):
        yield one, other


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)
@settings(max_examples=SETS)
@given(seed=st.integers(0, 2**32))
def test_both_engines_answer_alike(engines: Engines, dataset: Dataset, seed: int) -> None:
    random = Random(seed)
    start = random.choice(STARTS) + timedelta(days=random.randint(0, 40))
    length = timedelta(seconds=random.choice(SPANS))
    rows = facts(random, dataset, start, length, random.randint(0, 15))
    number = next(_run)
    for engine in engines:
        engine.append(dataset, [row | {"tenant": f"{number}-{row['tenant']}"} for row in rows])
    questions = Questions(random, dataset, rows, start, length)

    for _ in range(QUESTIONS):
        ask = _question(random, questions, _caller(random, number), bool(dataset.series))
        one, other = (_answered(ask, engine) for engine in engines)
        note(f"DuckDB     {one}")
        note(f"ClickHouse {other}")
        assert are_alike(one, other, magnitude(rows))


def _caller(random: Random, number: int) -> Caller:
    return Caller(
        f"{number}-{random.choice(['one', 'one', 'two'])}",
        random.choice(SUBJECTS),
        random.choice(list(SubjectType)),
        tuple(random.sample(TEAMS, random.randint(0, 2))),
        tenant_admin=random.random() < 0.6,
    )


def _question(
    random: Random, questions: Questions, caller: Caller, has_series: bool
) -> Callable[[RealEngine], list[Any]]:
    """Return what asks an engine."""
    kind = random.choice(["query", "query", "query", "listing", *(["distribution"] if has_series else [])])
    if kind == "listing":
        listing = questions.listing()
        note(f"{listing} {caller}")
        return lambda engine: engine.facts(listing, caller)
    query = questions.query() if kind == "query" else questions.distribution()
    note(f"{query} {caller}")
    return lambda engine: [_flat(row) for row in engine.run(query, caller)]


def _answered(ask: Callable[[RealEngine], list[Any]], engine: RealEngine) -> list[Any]:
    """Return the rows, or why there are none: limits are ours."""
    try:
        return ask(engine)
    except InvalidInput as error:
        return [str(error)]


def _flat(row: Row) -> tuple[Any, ...]:
    return row.total, row.start, row.end, row.other_groups, row.is_totals, *row.values.items()


def are_alike(one: Any, other: Any, magnitude: float) -> bool:
    """Tell whether values are equal and of one type, numbers with fractions nearly so."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(are_alike(*pair, magnitude) for pair in zip(one, other, strict=True))
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=RELATIVE * magnitude)
    return bool(one == other)
