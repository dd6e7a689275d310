"""How many nodes, shards and disks so many facts a second take: `python -m bench.sizing NAME=VALUE …`.

It multiplies what was measured by what is assumed (`bench.figures`), and lets a day go by second by second
(`bench.outage`). `docs/sizing.md` is made of it.
"""

import math
import sys
from typing import NamedTuple

import msgspec

from bench.figures import Figures
from bench.outage import Day, Worker, simulate
from bench.tables import table

RATES = (10_000, 100_000, 1_000_000, 10_000_000)
EMBEDDED = (100, 1_000, 10_000, 50_000)
_DAY = 86_400
_GIGABYTE = 10**9


class Cluster(NamedTuple):
    """What a rate takes, and what decides the number of shards. The journal is what the outage needs, of a worker."""

    workers: int
    nodes: int
    shards: int
    because: str
    panel_seconds: float
    disk_gigabytes: float
    """Of all replicas, and of the journals."""

    cores: float
    cost: float
    day: Day
    journal_gigabytes: float


def workers(figures: Figures, rate: float, each: float) -> int:
    """Return how many workers take the peak of a rate, two at least so that one may be away."""
    return max(2, math.ceil(rate * figures.peak / (each * figures.worker_use)))


def shards(figures: Figures, rate: float) -> dict[str, int]:
    """Return how many shards are needed for inserts, for queries and for the disk."""
    insert = rate * figures.peak * figures.insert_microseconds * (1 + figures.merge_factor) / 1e6
    asking = figures.viewers * figures.panels / figures.refresh * panel_cpu(figures, rate)
    kept = rate * _DAY * figures.retention * figures.clickhouse_bytes / _GIGABYTE
    # A replica repeats the merges of the others, and takes its share of the queries.
    return {
        "inserts": math.ceil(insert / (figures.server_cores * figures.insert_use)),
        "queries": math.ceil(asking / (figures.server_cores * (1 - figures.insert_use) * figures.replicas)),
        "disk": math.ceil(kept / figures.server_disk),
    }


def panel_cpu(figures: Figures, rate: float) -> float:
    """Return the seconds of a core that the mean question of a page takes."""
    rows = rate * figures.window * 3600 / figures.tenants
    each = figures.scan_nanoseconds * (1 - figures.labelled) + figures.label_nanoseconds * figures.labelled
    return rows * each / 1e9


def project(figures: Figures, rate: float) -> Cluster:
    """Project what a rate of JSON facts with identities takes, on ClickHouse and PostgreSQL."""
    count = workers(figures, rate, figures.identified_facts)
    needed = shards(figures, rate)
    because, most = max(needed.items(), key=lambda each: each[1])
    inserts = (
        figures.server_cores * figures.insert_use / (figures.insert_microseconds * (1 + figures.merge_factor) / 1e6)
    )
    loading = min(figures.loader_rows, most * inserts / count)
    limit = figures.backlog_limit * _GIGABYTE
    worker = Worker(rate / count, loading, figures.peak, figures.journal_bytes, limit, figures.load_interval)
    day = simulate(worker, figures.outage * 60)
    servers = most * figures.replicas
    facts = rate * _DAY * figures.retention
    disk = facts * figures.clickhouse_bytes * figures.replicas / _GIGABYTE + 2 * count * figures.backlog_limit
    cores = count * figures.worker_cores + servers * figures.server_cores
    memory = count * figures.worker_memory + servers * figures.server_memory
    cost = cores * figures.core_price + memory * figures.memory_price + 2 * disk * figures.disk_price
    return Cluster(
        count,
        max(2, math.ceil(count / figures.node_workers)),
        most,
        because,
        panel_cpu(figures, rate) / (most * figures.server_cores * (1 - figures.insert_use)),
        disk,
        cores,
        cost,
        day,
        rate / count * figures.peak * figures.outage * 60 * figures.journal_bytes / _GIGABYTE,
    )


def embedded_table(figures: Figures) -> str:
    """Table what one process takes that keeps its facts in DuckDB, which reads the rows of all tenants."""
    head = ("facts/s", "of what it takes, at the peak, %", "facts kept", "disk, GB", "a question, s", "cores asked for")
    rows = []
    for rate in EMBEDDED:
        kept = rate * _DAY * figures.retention
        cpu = rate * figures.window * 3600 * figures.duckdb_nanoseconds / 1e9
        asked = figures.viewers * figures.panels / figures.refresh * cpu
        used = rate * figures.peak / figures.identified_facts * 100
        disk = kept * figures.duckdb_bytes / _GIGABYTE
        rows.append((rate, used, kept, disk, cpu / figures.embedded_cores, asked))
    return table("One machine", head, rows)


def cluster_table(figures: Figures) -> str:
    """Table what each rate takes."""
    head = (
        "facts/s",
        "workers",
        "nodes",
        "shards",
        "decided by",
        "cores",
        "disk, TB",
        "a question, s",
        "a month",
        "a million facts",
    )
    rows = []
    for rate in RATES:
        each = project(figures, rate)
        millions = rate * _DAY * 30 / 1e6
        rows.append(
            (rate, each.workers, each.nodes, each.shards, each.because, round(each.cores), each.disk_gigabytes / 1e3,
             each.panel_seconds, each.cost, each.cost / millions)
        )  # fmt: skip
    return table("What it takes", head, rows)


def lag_table(figures: Figures) -> str:
    """Table how a day goes."""
    head = (
        "facts/s",
        "usual lag, s",
        "largest lag, s",
        "caught up after, s",
        "refused, %",
        "backlog-bytes to refuse none, GB",
    )
    found = [(rate, project(figures, rate)) for rate in RATES]
    rows = [
        (
            rate,
            each.day.usual_lag,
            each.day.largest_lag,
            each.day.catching_up,
            each.day.refused * 100,
            each.journal_gigabytes,
        )
        for rate, each in found
    ]
    return table("A day with an outage", head, rows)


def source_table(figures: Figures) -> str:
    """Table the workers by what sends the facts."""
    sources = {
        "JSON in batches": figures.json_facts,
        "the same with trace and span ids": figures.identified_facts,
        "spans of OTLP": figures.otlp_facts,
        "payloads of LiteLLM": figures.litellm_facts,
    }
    rows = [(name, each, *(workers(figures, rate, each) for rate in RATES)) for name, each in sources.items()]
    head = ("facts as", "a worker takes, facts/s", *(f"workers for {rate:,}/s" for rate in RATES))
    return table("Workers by source", head, rows)


def given(arguments: list[str]) -> Figures:
    """Return the figures with those that are given in their place."""
    try:
        pairs = {name: float(value) for name, value in (each.split("=") for each in arguments)}
        return msgspec.structs.replace(Figures(), **pairs)
    except (TypeError, ValueError):
        names = ", ".join(Figures.__struct_fields__)
        sys.exit(f"usage: python -m bench.sizing NAME=VALUE …, of {names}")


def main() -> None:
    figures = given(sys.argv[1:])
    sys.stdout.write(
        "\n".join([embedded_table(figures), cluster_table(figures), lag_table(figures), source_table(figures)])
    )


if __name__ == "__main__":
    main()
