from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import compress
from operator import not_
from typing import Any

import msgspec
import pytest

from meterd.access import Caller, Scope, SubjectType
from meterd.api.gateway.datasources import datasources
from meterd.datasets import (
    CLASSIFICATION,
    DATASETS,
    GUARDRAIL_EVALUATIONS,
    MODEL_CALLS,
    SESSION_EVENTS,
    SESSION_METRICS,
    SESSION_STATES,
)
from meterd.demo.facts import Fact
from meterd.demo.story import Span, Story, tell
from meterd.demo.workload import Workload
from meterd.errors import ConfigurationError
from meterd.ingest.rows import rows_from_json

END = datetime(2026, 3, 19, 17, 30, tzinfo=UTC)
SENDER = Caller(
    "default", "demo", SubjectType.VIRTUAL_ACCOUNT, scopes=frozenset({Scope.INGEST, Scope.INGEST_ANY_SUBJECT})
)


def history(seed: int = 1, facts: int = 50_000, days: int = 10) -> list[Fact]:
    workload = Workload(seed, tell(END, days), facts)
    return [fact for _, hour in workload.history() for fact in hour]


@pytest.fixture(scope="module")
def made() -> list[Fact]:
    return history()


@pytest.fixture(scope="module")
def story() -> Story:
    return tell(END, 10)


def of(made: Iterable[Fact], dataset: object, span: Span) -> list[dict[str, Any]]:
    return [
        msgspec.structs.asdict(fact.row)
        for fact in made
        if fact.dataset is dataset and fact.row.ts and span.start <= fact.row.ts < span.end
    ]


def share(rows: list[dict[str, Any]], column: str, value: object) -> float:
    return [row[column] for row in rows].count(value) / len(rows)


def test_the_same_seed_and_end_make_the_same_facts(made: list[Fact]) -> None:
    assert history() == made
    assert history(seed=2) != made


def test_there_are_about_as_many_facts_as_asked_for(made: list[Fact]) -> None:
    assert len(made) == pytest.approx(50_000, rel=0.15)


def test_every_fact_lies_in_the_history_but_for_the_end_of_its_request(made: list[Fact], story: Story) -> None:
    start, end = story.history
    assert all(fact.row.ts and start <= fact.row.ts < end + timedelta(minutes=5) for fact in made)


def goes_through_ingest(fact: Fact) -> bool:
    """Others have doors of their own, or are counted by the server only: see `test_live`."""
    is_classification = getattr(fact.row, "meter", None) == CLASSIFICATION
    return not is_classification and fact.dataset not in (SESSION_EVENTS, SESSION_METRICS, SESSION_STATES)


def test_the_history_has_facts_of_every_kind_but_those_of_opentelemetry(made: list[Fact]) -> None:
    assert {fact.dataset.name for fact in made} == set(DATASETS) - {"otlp_points"}


def test_every_door_takes_every_row(made: list[Fact]) -> None:
    for datasource in datasources().values():
        facts = [fact for fact in made if fact.dataset is datasource.dataset and goes_through_ingest(fact)]
        rows = [fact.row for fact in facts] if datasource.ingest else []
        body = msgspec.json.Encoder().encode_lines(rows)
        if rows:
            assert len(rows_from_json(body, datasource.dataset, SENDER, True, len(rows))) == len(rows)


def test_there_is_more_on_a_working_day_than_at_its_night_and_at_a_weekend(made: list[Fact]) -> None:
    hours = Counter((fact.row.ts.date(), fact.row.ts.hour) for fact in made if fact.row.ts)
    monday, sunday = datetime(2026, 3, 16, tzinfo=UTC).date(), datetime(2026, 3, 15, tzinfo=UTC).date()
    assert hours[monday, 10] > 3 * hours[monday, 2]
    assert hours[monday, 10] > 1.3 * hours[sunday, 10]


def test_a_provider_fails_in_the_outage_and_its_calls_go_to_a_dearer_model(made: list[Fact], story: Story) -> None:
    quiet = Span(story.outage.start - timedelta(days=2), story.outage.start)
    before, during = (of(made, MODEL_CALLS, span) for span in (quiet, story.outage))
    of_nimbus = ([row for row in rows if row["provider_account_type"] == "nimbus"] for rows in (before, during))
    failed = [share(rows, "is_failure", True) for rows in of_nimbus]
    assert failed[1] > 5 * failed[0]
    assert share(during, "model_name", "aurora-large") > 1.2 * share(before, "model_name", "aurora-large")


def test_a_guardrail_blocks_new_prompts_which_the_cache_does_not_know(made: list[Fact], story: Story) -> None:
    def new_and_old(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        is_new = [row["metadata"]["prompt"] == "support-4.12" for row in rows]
        return list(compress(rows, is_new)), list(compress(rows, map(not_, is_new)))

    evaluated = of(made, GUARDRAIL_EVALUATIONS, story.history)
    new, old = new_and_old([row for row in evaluated if row["guardrail_name"] == "injection/shield"])
    assert share(new, "guardrail_result", "fail") > 0.25
    assert share(old, "guardrail_result", "fail") < 0.1
    new, old = new_and_old([row for row in of(made, MODEL_CALLS, story.history) if row["cache_lookup_status"]])
    assert share(new, "cache_hit", True) < share(old, "cache_hit", True) / 2


def test_a_model_is_introduced(made: list[Fact], story: Story) -> None:
    start, end = story.history
    assert not [r for r in of(made, MODEL_CALLS, Span(start, story.launch)) if r["model_name"] == "nimbus-pro-2"]
    assert [r for r in of(made, MODEL_CALLS, Span(story.launch, end)) if r["model_name"] == "nimbus-pro-2"]


@pytest.mark.parametrize("hour", range(24))
def test_the_outage_is_over_and_within_the_last_day_whenever_the_demo_starts(hour: int) -> None:
    end = datetime(2026, 3, 19, hour, 5, tzinfo=UTC)
    outage = tell(end, 21).outage
    assert end - timedelta(hours=24) < outage.start
    assert outage.end < end


def test_a_history_before_the_calendar_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="there is no calendar"):
        tell(datetime(1, 1, 3, tzinfo=UTC), 21)
