import contextlib
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterd.datasets import GUARDRAIL_EVALUATIONS, METER_EVENTS, SESSION_METRICS
from meterd.errors import ConfigurationError
from meterd.ingest.retention import Retention
from meterd.store import DuckDBStore, Lines, rewriting
from tests.process import OF_ONE_PROCESS, Meterd

DAYS_AGO = (0, 1, 5, 9, 11, 400)


@pytest.fixture
def store(tmp_path: Path) -> DuckDBStore:
    """Guardrail evaluations and meter events of several ages."""
    store = DuckDBStore(tmp_path / "store.duckdb", threads=1)
    store.create((GUARDRAIL_EVALUATIONS, METER_EVENTS))
    text = "\n".join(row(days) for days in DAYS_AGO)
    store.append([Lines(dataset, "acme", text, len(DAYS_AGO)) for dataset in (GUARDRAIL_EVALUATIONS, METER_EVENTS)], 1)
    return store


def row(days: float) -> str:
    time = datetime.now(UTC) - timedelta(days=days, minutes=1)
    return f'{{"createdAt":"{time.isoformat()}","meter":"m","value":1}}'


def count(store: DuckDBStore, table: str) -> int:
    rows: int = store.select(f"SELECT count(*) FROM {table}", (), 10)[0][0]
    return rows


def test_facts_that_are_too_old_are_deleted_and_others_kept(store: DuckDBStore) -> None:
    assert Retention(store, {"guardrail_evaluations": 10}).apply()

    assert (count(store, "guardrail_evaluations"), count(store, "meter_events")) == (4, 6)
    assert store.watermark() == 1


def test_it_is_looked_at_once_an_hour(store: DuckDBStore) -> None:
    retention = Retention(store, {"guardrail_evaluations": 10})

    assert (retention.apply(), retention.apply()) == (True, False)
    assert 3500 < (retention.delay() or 0) <= 3600


def test_of_nodes_that_share_a_store_the_one_that_leads_deletes(store: DuckDBStore) -> None:
    retention = Retention(store, {"guardrail_evaluations": 10}, leads=lambda: False)

    assert not retention.apply()
    assert 3500 < (retention.delay() or 0) <= 3600  # another one may be gone by then
    assert count(store, "guardrail_evaluations") == 6


def test_what_is_left_is_moved_together_step_by_step(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_SLICE", 6), ("_SPARSE", 5), ("_BATCH_SIZE", 1)):
        monkeypatch.setattr(rewriting, name, value)
    for sequence in (2, 3):  # three slices of six facts, of which four stay
        store.append(
            [Lines(GUARDRAIL_EVALUATIONS, "acme", "\n".join(row(days) for days in DAYS_AGO), len(DAYS_AGO))], sequence
        )
    retention = Retention(store, {"guardrail_evaluations": 10})

    for _ in range(4):  # a deletion, and a step for each slice
        assert (retention.apply(), retention.delay()) == (True, 0.0)
    assert not retention.apply()
    assert (retention.delay() or 0) > 3500
    assert count(store, "guardrail_evaluations") == 3 * 4


def test_nothing_is_due_when_everything_is_kept(store: DuckDBStore) -> None:
    retention = Retention(store, {})

    assert (retention.apply(), retention.delay()) == (False, None)


def test_a_dataset_that_does_not_exist_stops_the_start(store: DuckDBStore) -> None:
    with pytest.raises(ConfigurationError, match=r"store\.retention: events is no dataset: use .*session_events"):
        Retention(store, {"events": 1})


def test_a_service_deletes_what_is_too_old_when_it_starts(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Meterd(tmp_path) as meterd:
        session = meterd.client.post("/api/sessions", json={"product": "p", "version": "1"}).json()["session_id"]
        rows = [
            {"createdAt": (now - timedelta(days=days)).isoformat(), "sessionId": session, "name": "n", "value": days}
            for days in (1, 40)
        ]
        assert meterd.ingest(rows, "sessionMetrics").json() == {"accepted": 2}
        assert meterd.points(datasource="sessionMetrics")[0]["total"] == 2
    settings = {"METERD_STORE__RETENTION": f"{{{SESSION_METRICS.name}: 30}}"}
    with Meterd(tmp_path, environment=settings) as meterd:
        assert meterd.ingest(rows[:1], "sessionMetrics").json() == {"accepted": 1}  # loading comes after deleting
        assert meterd.points(datasource="sessionMetrics", groupBy=["name"])[0]["total"] == 2
        (run,) = meterd.points(datasource="processMetrics", groupBy=["name", "trigger", "status"])
        assert run == {"name": "retention", "trigger": "scheduled", "status": "success", "total": 1}


@OF_ONE_PROCESS
def test_a_session_that_was_silent_for_too_long_is_gone(tmp_path: Path) -> None:
    with Meterd(tmp_path) as meterd:
        body = {"product": "p", "version": "1"}
        old, new = (meterd.client.post("/api/sessions", json=body).json()["session_id"] for _ in range(2))
    with contextlib.closing(sqlite3.connect(tmp_path / "directory.sqlite")) as directory, directory:
        directory.execute("UPDATE sessions SET updated_at = '2020-01-01 00:00:00' WHERE id = ?", (old,))

    with Meterd(tmp_path, environment={"METERD_STORE__RETENTION": '{"session_states": 30}'}) as meterd:
        deadline = time.monotonic() + 30
        while meterd.client.get(f"/api/sessions/{old}").status_code != 404:
            assert time.monotonic() < deadline
        assert 200 == meterd.client.get(f"/api/sessions/{new}").status_code
