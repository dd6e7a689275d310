"""What orders of groups, the rest as one, totals and histograms cost over model calls: each beside the same query
without.
"""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from bench import servers
from bench.compare import MONTH, Workload, ask, fill, medians
from bench.dashboard import FACTS
from bench.tables import table

_LATENCY = {"aggregations": [{"type": "sum", "column": "costInUSD"}, {"type": "p90", "column": "latencyMs"}]}
_BY_USER = {"type": "distribution", "groupBy": ["userEmail"], **_LATENCY}
_BY_DAY = {"type": "timeseries", "interval": "1 day"}
_FIRST = {"orderBy": "sumCostInUSD", "limit": 12}
_BINS = {"aggregations": [{"type": "histogram", "column": "latencyMs", "buckets": 30}]}
_TYPED = {"fieldName": "userEmail", "operator": "STRING_CONTAINS", "value": "99"}
_QUERIES: dict[str, dict[str, Any]] = {
    "cost and p90 by user": _BY_USER,
    "… of the first 12 users": _BY_USER | _FIRST,
    "… of the first 12 and the rest": _BY_USER | _FIRST | {"other": True},
    "… of the first 12, the rest, and totals": _BY_USER | _FIRST | {"other": True, "totals": True},
    "cost of the first 12 users, by day": _BY_USER | _BY_DAY | _FIRST | {"aggregations": _LATENCY["aggregations"][:1]},
    "cost and p90 by model and day": _BY_USER | _BY_DAY | {"groupBy": ["modelName"]},
    "… of the first 5 models and the rest, by day": _BY_USER
    | _BY_DAY
    | {"groupBy": ["modelName"], **_FIRST, "limit": 5, "other": True},
    "cost by team": {"type": "distribution", "groupBy": ["team"], "aggregations": _LATENCY["aggregations"][:1]},
    "… of the first 5 teams and the rest": {
        "type": "distribution",
        "groupBy": ["team"],
        "aggregations": _LATENCY["aggregations"][:1],
        **_FIRST,
        "limit": 5,
        "other": True,
    },
    "p90 of latency by hour": {
        "type": "timeseries",
        "interval": "1 hour",
        "aggregations": _LATENCY["aggregations"][1:],
    },
    "… 30 bins of latency by hour": {"type": "timeseries", "interval": "1 hour", **_BINS},
    "30 bins of latency": {"type": "distribution", **_BINS},
    "10 users whose name contains two digits": {
        "type": "distribution",
        "groupBy": ["userEmail"],
        "filters": [_TYPED],
        "orderBy": "total",
        "limit": 10,
    },
}


def measure(facts: int = 10_000_000) -> str:
    """Each figure is a median of rounds over HTTP."""
    workload = Workload("modelMetrics", FACTS, _QUERIES)
    with tempfile.TemporaryDirectory(prefix="meterd-bench-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        fill(data / "store.duckdb", workload.facts.format(facts=facts, step=MONTH // facts))
        with servers.meterd(data, servers.NOTHING_KEPT) as server:
            rows = [_row(server, name, workload.body(name)) for name in workload.queries]
    return table(f"Orders of groups and histograms: {facts:,} model calls, over HTTP", ("query", "rows", "ms"), rows)


def _row(server: servers.Running, name: str, body: bytes) -> tuple[object, ...]:
    (milliseconds,) = medians(partial(ask, server, body))
    return name, len(ask(server, body)), milliseconds
