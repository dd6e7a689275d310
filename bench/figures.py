"""What the projection of `bench.sizing` rests on: figures that were measured, and assumptions, each with its source."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple, get_type_hints

import msgspec


class Measured(NamedTuple):
    """Of a figure: its unit, what it says, and where it was measured."""

    unit: str
    meaning: str
    source: str


class Assumed(NamedTuple):
    """Of an assumption: its unit, what it says, and why it is not another."""

    unit: str
    meaning: str
    source: str


_RESULTS = "`bench/RESULTS.md` of 2026-11-30, server, load generator and others on the same 2 cores"
_ROWS = "200,000 rows of the benchmark of batches, by the sizes of the files"
_LOADING = "`bench/RESULTS.md` of 2026-11-30, the engine of ClickHouse 26.9 (chDB) in the process of the loader"
_ENGINE = "10 M model calls in the engine of ClickHouse 26.9 (chDB), 2 cores"


class Figures(msgspec.Struct, frozen=True):
    """All of them; `python -m bench.sizing NAME=VALUE` puts others in their place."""

    json_facts: Annotated[float, Measured("facts/s", "a worker takes in batches of JSON", _RESULTS)] = 99_821.0
    identified_facts: Annotated[
        float, Measured("facts/s", "a worker takes in batches of JSON with trace and span ids", _RESULTS)
    ] = 44_976.0
    otlp_facts: Annotated[float, Measured("facts/s", "a worker takes as spans of OTLP", _RESULTS)] = 14_670.0
    litellm_facts: Annotated[float, Measured("facts/s", "a worker takes as payloads of LiteLLM", _RESULTS)] = 18_469.0
    journal_bytes: Annotated[
        float, Measured("bytes", "a fact takes in the journal until it is loaded, with its identity", _ROWS)
    ] = 358.0
    duckdb_bytes: Annotated[float, Measured("bytes", "a fact takes in DuckDB, with its trace and span id", _ROWS)] = (
        38.1
    )
    duckdb_nanoseconds: Annotated[
        float,
        Measured(
            "ns of a core", "a row takes in percentiles by guardrail in DuckDB", f"{_RESULTS}; 285 ms for 10 M rows"
        ),
    ] = 57.0
    clickhouse_bytes: Annotated[
        float, Measured("bytes", "a model call takes in ClickHouse, 16 of them its identity", _LOADING)
    ] = 56.4
    insert_microseconds: Annotated[
        float, Measured("µs of a core", "a row takes to be loaded, by the loader and the engine together", _LOADING)
    ] = 11.0
    scan_nanoseconds: Annotated[
        float, Measured("ns of a core", "a row takes in a sum by model", f"{_ENGINE}; 282 ms for 8 M rows with FINAL")
    ] = 35.3
    label_nanoseconds: Annotated[
        float,
        Measured("ns of a core", "a row takes in a question by team and label", f"{_ENGINE}; 766 ms for 8 M rows"),
    ] = 95.8
    loader_rows: Annotated[
        float, Measured("rows/s", "one loader moves into ClickHouse, with a core for both", _LOADING)
    ] = 90_689.0

    peak: Annotated[float, Assumed("times", "the mean of the day is its busiest hour", "office hours")] = 2.0
    worker_use: Annotated[
        float, Assumed("", "of what a worker takes is used at the peak, as a share", "room for a node that is away")
    ] = 0.5
    worker_cores: Annotated[float, Assumed("cores", "a worker has", "as measured")] = 2.0
    worker_memory: Annotated[float, Assumed("GB", "a worker has", "limits of memory at their defaults")] = 4.0
    node_workers: Annotated[float, Assumed("workers", "run on a node", "a machine of 16 cores")] = 8.0
    merge_factor: Annotated[
        float,
        Assumed("times", "what inserting takes is what merges take", "each row is rewritten a few times; not measured"),
    ] = 2.0
    embedded_cores: Annotated[
        float, Assumed("cores", "a machine has that runs one process with DuckDB", "a usual machine")
    ] = 8.0
    server_cores: Annotated[float, Assumed("cores", "a server of ClickHouse has", "a usual machine")] = 16.0
    server_memory: Annotated[float, Assumed("GB", "a server of ClickHouse has", "4 GB for each core")] = 64.0
    server_disk: Annotated[
        float, Assumed("GB", "a server of ClickHouse may fill", "half of a disk of 8 TB is left for merges and growth")
    ] = 4_000.0
    insert_use: Annotated[
        float, Assumed("", "of a server's cores are for inserts and merges, as a share", "queries have the rest")
    ] = 0.5
    replicas: Annotated[float, Assumed("replicas", "of each shard", "one may be away")] = 2.0
    retention: Annotated[float, Assumed("days", "facts are kept", "`store.retention`")] = 30.0
    tenants: Annotated[
        float,
        Assumed(
            "tenants", "share the facts evenly; a question reads those of one", "the sort key begins with the tenant"
        ),
    ] = 100.0
    viewers: Annotated[float, Assumed("people", "look at a page at the same time", "a company's dashboard")] = 20.0
    panels: Annotated[float, Assumed("questions", "are a page", "the Overview has about as many")] = 12.0
    labelled: Annotated[float, Assumed("", "of the questions group by team or label, as a share", "two of twelve")] = (
        1 / 6
    )
    refresh: Annotated[
        float, Assumed("s", "between two refreshes of a page", "a day's page; answers that are kept are not counted")
    ] = 300.0
    window: Annotated[float, Assumed("hours", "a page looks back", "a day")] = 24.0
    load_interval: Annotated[
        float, Assumed("s", "facts wait for more before they are loaded", "`store.load-interval`")
    ] = 1.0
    outage: Annotated[float, Assumed("minutes", "ClickHouse is away, at the peak", "an upgrade that went wrong")] = 10.0
    backlog_limit: Annotated[
        float, Assumed("GB", "of facts may wait in the journal of a worker", "`ingest.backlog-bytes`")
    ] = 4.295
    core_price: Annotated[float, Assumed("a month", "a core costs", "a round price; put your own")] = 30.0
    memory_price: Annotated[float, Assumed("a month", "a GB of memory costs", "a round price; put your own")] = 4.0
    disk_price: Annotated[float, Assumed("a month", "a GB of disk costs", "a round price; put your own")] = 0.1


class Note(NamedTuple):
    """A figure as the page shows it."""

    name: str
    value: float
    said: Measured | Assumed


def notes(figures: Figures) -> Iterator[Note]:
    """Yield each figure with what is said of it, in order."""
    for name, hint in get_type_hints(Figures, include_extras=True).items():
        (said,) = hint.__metadata__
        yield Note(name, getattr(figures, name), said)
