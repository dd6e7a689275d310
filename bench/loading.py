"""How facts get into DuckDB: the Python appender beside lines of JSON that DuckDB parses (`docs/decisions/0003`)."""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from bench.tables import table
from meterd.datasets import DATASETS, GUARDRAIL_EVALUATIONS
from meterd.ingest.facts import encode
from meterd.store import DuckDBStore, Lines

_ROWS = 50_000
_ROUNDS = 3


def measure() -> str:
    """Rows a second into one table, checkpoint excluded; medians of rounds."""
    row_type = GUARDRAIL_EVALUATIONS.row_type
    now = datetime.now(UTC)
    rows = [
        row_type(
            ts=now + timedelta(microseconds=number),
            subject="a@example.com",
            subject_type="user",
            teams=["red", "blue"],
            metadata={"env": "prod", "n": str(number)},
            guardrail_name="group/pii",
            latency_ms=number * 0.37,
            guardrail_result="pass",
            is_failure=False,
        )
        for number in range(_ROWS)
    ]
    text = encode(GUARDRAIL_EVALUATIONS, "default", rows).lines.decode().removesuffix("\n")
    tuples = [_tuple(row) for row in rows]
    with tempfile.TemporaryDirectory(prefix="meterd-bench-") as folder:
        store = DuckDBStore(Path(folder) / "lines.duckdb")
        store.create(DATASETS.values())
        by_lines = _rate(lambda number: store.append([Lines(GUARDRAIL_EVALUATIONS, "default", text, _ROWS)], number))
        store.close()
        connection = duckdb.connect(str(Path(folder) / "lines.duckdb"), config={"checkpoint_threshold": "1TB"})
        by_appender = _rate(lambda _number: _append(connection, tuples))
        connection.close()
    head = ("way", "rows/s", "ratio")
    return table(
        f"Loading: {_ROWS:,} guardrail evaluations with two teams and two labels each",
        head,
        [("Python appender", by_appender, 1.0), ("lines of JSON", by_lines, by_lines / by_appender)],
    )


def _tuple(row: Any) -> tuple[Any, ...]:
    values: list[Any] = ["default"]
    for column in GUARDRAIL_EVALUATIONS.columns:
        value = getattr(row, column.name)
        values.append(value.replace(tzinfo=None) if isinstance(value, datetime) else value)
    return tuple(values)


def _append(connection: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]]) -> None:
    connection.begin()
    with connection.appender(GUARDRAIL_EVALUATIONS.name) as appender:
        appender.append_rows(rows)
    connection.commit()


def _rate(run: Callable[[int], None]) -> float:
    times = []
    for number in range(_ROUNDS):
        started = time.perf_counter()
        run(number)
        times.append(time.perf_counter() - started)
    return _ROWS / sorted(times)[_ROUNDS // 2]


if __name__ == "__main__":
    sys.stdout.write(measure())
