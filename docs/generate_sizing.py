"""Writes `sizing.md` beside this file from `bench.sizing`: `make docs`. A test compares the two."""

from collections.abc import Iterator
from pathlib import Path

from bench.figures import Assumed, Figures, Measured, notes
from bench.sizing import cluster_table, embedded_table, lag_table, source_table

PAGE = Path(__file__).with_name("sizing.md")
_INTRODUCTION = """\
# Sizing

How many processes, shards and disks so many facts a second take, as far as that follows from what was measured. The
page is generated (`make docs`) by a script that multiplies measured figures by assumptions and lets a day go by
second by second; run it with figures of your own, of those named [below](#measured):

<!-- not run: in a checkout -->
```bash
.venv/bin/python -m bench.sizing retention=90 viewers=100 otlp_facts=45000
```

It is a projection. Nothing beyond one machine was ever run: figures of ClickHouse are those of its engine in one
process, and what replication, the network between nodes, and merges at scale take is assumed. Take the tables for
the kind of machine to begin with, and for what limits it, then measure with facts of your own:
`meterd_loader_lag_entries`, `meterd_loader_backlog_bytes` and `meterd_query_seconds` at
[`/metrics`](operations.md#metrics) tell how far you are.

"""
_EMBEDDED = """
One process with DuckDB reads the rows of all tenants in a window, so a question's time grows with what everybody
sends. "Cores asked for" is what the viewers' questions take together. Where it is more than the machine has, or
where most of what a process takes is used at the peak, it is time for ClickHouse.
"""
_CLUSTER = """
With ClickHouse and PostgreSQL, facts as JSON with trace and span ids. A worker is a process of `meterd`, several on
a node; PostgreSQL is one server with a standby at any of these rates, as it holds no facts, and is not in the sums.
A question is the mean of a page's, of one tenant's day. The price of a month holds cores, memory and disks of
workers and servers, disks twice as large as what is on them.
"""
_DAY = """
The lag is how old a fact may be before a query of another worker sees it; a worker's own queries wait for its own
facts. What arrives while ClickHouse is away waits in the journal of each worker, up to `ingest.backlog-bytes`, of
which the last column says how much such an outage takes; with the limit as it is, what is beyond is refused with
503, and senders try again.
"""
_SOURCE = """
What a worker takes depends on how facts are sent: one fact in a large batch costs least, and what must be
remembered against repetition, decoded, or translated costs more.
"""


def page(figures: Figures = Figures()) -> str:  # noqa: B008 - it can't be changed
    """Return the whole page."""
    return _INTRODUCTION + "\n".join(
        [
            embedded_table(figures) + _EMBEDDED,
            cluster_table(figures) + _CLUSTER,
            lag_table(figures) + _DAY,
            source_table(figures) + _SOURCE,
            "".join(_figures(figures, Measured, "Measured")),
            "".join(_figures(figures, Assumed, "Assumed")),
        ]
    )


def _figures(figures: Figures, kind: type[Measured | Assumed], title: str) -> Iterator[str]:
    yield f"## {title}\n\n| name | value | | what | from |\n| --- | --- | --- | --- | --- |\n"
    for name, value, said in notes(figures):
        if isinstance(said, kind):
            yield f"| `{name}` | {value:,.6g} | {said.unit} | {said.meaning} | {said.source} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
