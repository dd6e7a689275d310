"""What ClickHouse's engine takes for the same facts: loading beside DuckDB, reading one row of each identity, bytes.

The engine is in this process (chDB): no network, and one directory of it, so it is measured once in a process.
"""

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.tables import table
from meterd.datasets import MODEL_CALLS
from meterd.ingest.facts import encode
from meterd.store import DuckDBStore, Lines, Store
from meterd.store.addresses import Embedded
from meterd.store.clickhouse.store import ClickHouseStore

_BATCH = 50_000
_BATCHES = 12
_SPAN = 60 * 86_400 / _BATCHES
"""Seconds that the facts of a batch happened in; some come with the next batch."""
_REPEATED = 100
"""One of so many facts is sent twice."""
_ROUNDS = 5
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_QUERIES = {
    "facts counted": "SELECT count() FROM model_calls WHERE tenant = 'acme'",
    "tokens by model": "SELECT model_name, sum(input_tokens) FROM model_calls WHERE tenant = 'acme' GROUP BY 1",
    "exact p99 by hour": (
        "SELECT toStartOfHour(ts), quantilesExactInclusive(0.99)(latency_ms) FROM model_calls "
        "WHERE tenant = 'acme' GROUP BY 1"
    ),
    "one day of tokens": (
        "SELECT sum(input_tokens) FROM model_calls WHERE tenant = 'acme' "
        "AND ts >= '2026-01-10 00:00:00' AND ts < '2026-01-11 00:00:00'"
    ),
}


def measure() -> str:
    made = random.Random(1)
    batches = [_batch(made, number) for number in range(_BATCHES)]
    with tempfile.TemporaryDirectory(prefix="meterd-bench-") as folder:
        duckdb = DuckDBStore(Path(folder) / "store.duckdb")
        by_duckdb = _load(duckdb, batches)
        duckdb.close()
        store = ClickHouseStore(Embedded(Path(folder) / "engine"), Path(folder) / "store.sqlite", 2 * 10**9, 60)
        by_clickhouse = _load(store, batches)
        parts = [_loading(by_duckdb, by_clickhouse), _reading(store), _bytes(store)]
        store.close()
    return "\n".join(parts)


def _batch(made: random.Random, number: int) -> Lines:
    rows = [
        MODEL_CALLS.row_type(
            ts=_BEGIN + timedelta(seconds=max(0.0, (number + made.uniform(-0.05, 1)) * _SPAN)),
            subject=f"user-{made.randrange(5000)}@example.com",
            subject_type="user",
            teams=[f"team-{made.randrange(20)}"],
            metadata={"env": made.choice(("prod", "test")), "feature": f"f{made.randrange(50)}"},
            trace_id=f"{made.getrandbits(128):032x}",
            span_id=f"{made.getrandbits(64):016x}",
            model_name=f"model-{made.randrange(12)}",
            input_tokens=made.randrange(8000),
            output_tokens=made.randrange(2000),
            latency_ms=round(made.expovariate(1 / 800), 3),
            is_failure=made.random() < 0.02,
        )
        for _ in range(_BATCH)
    ]
    rows += rows[::_REPEATED]
    text = encode(MODEL_CALLS, "acme", rows).lines.decode().removesuffix("\n")
    return Lines(MODEL_CALLS, "acme", text, len(rows), origins=((number + 1, len(rows)),))


def _load(store: Store, batches: list[Lines]) -> tuple[float, float]:
    """Return rows a second, and a second of a processor. Of both engines they are on disk then."""
    store.create([MODEL_CALLS])
    store.follow("0" * 32)
    started, worked = time.perf_counter(), time.process_time()
    for number, batch in enumerate(batches, 1):
        store.append([batch], number)
    rows = sum(batch.count for batch in batches)
    return rows / (time.perf_counter() - started), rows / (time.process_time() - worked)


def _loading(by_duckdb: tuple[float, float], by_clickhouse: tuple[float, float]) -> str:
    return table(
        f"Loading: {_BATCHES} batches of {_BATCH:,} model calls with two labels, 1 in {_REPEATED} sent twice",
        ("engine", "rows/s", "rows by second of a processor", "ratio"),
        [("DuckDB", *by_duckdb, 1.0), ("ClickHouse", *by_clickhouse, by_clickhouse[1] / by_duckdb[1])],
    )


def _reading(store: ClickHouseStore) -> str:
    """Return what one row of each identity costs before parts are merged, and after."""
    unmerged = {name: _times(store, sql) for name, sql in _QUERIES.items()}
    store.select("OPTIMIZE TABLE model_calls FINAL", (), 600)
    merged = {name: _times(store, sql) for name, sql in _QUERIES.items()}
    rows = [
        (name, unmerged[name][0], unmerged[name][1], unmerged[name][1] / unmerged[name][0], *merged[name])
        for name in _QUERIES
    ]
    head = ("question", "unmerged", "with FINAL", "ratio", "merged", "with FINAL")
    title = f"Reading one row of each identity: {_BATCH * _BATCHES:,} model calls, ms of processors"
    return table(title, head, rows)


def _times(store: ClickHouseStore, sql: str) -> tuple[float, float]:
    return _best(lambda: store.select(f"{sql} SETTINGS final = 0", (), 60)), _best(lambda: store.select(sql, (), 60))


def _best(run: Callable[[], object]) -> float:
    times = []
    for _ in range(_ROUNDS):
        worked = time.process_time()
        run()
        times.append(time.process_time() - worked)
    return min(times) * 1000


def _bytes(store: ClickHouseStore) -> str:
    rows = store.select(
        "SELECT name, type, compression_codec, data_compressed_bytes FROM system.columns "
        "WHERE database = currentDatabase() AND table = 'model_calls' AND data_compressed_bytes > 0 "
        "ORDER BY data_compressed_bytes DESC LIMIT 12",
        (),
        60,
    )
    facts = int(store.select("SELECT count() FROM model_calls", (), 60)[0][0])
    head = ("column", "type", "codec", "bytes/fact")
    return table("Bytes of a model call in ClickHouse", head, [(*row[:3], row[3] / facts) for row in rows])


if __name__ == "__main__":
    print(measure())
