"""(b) Batches of a thousand guardrail evaluations as NDJSON, for a minute: accepted durably, and loaded in time."""

import json
import random
import threading
import time

from bench import servers
from bench.load import Job, run
from bench.tables import table

_ROWS = 1000
_CONNECTIONS = 4
PATH = "/api/svc/v1/llm-gateway/metrics/ingest?datasource=guardrailMetrics"


def measure() -> str:
    """A minute of rows without identity, and ten seconds of rows that must each be remembered."""
    rows = [
        _measure("without trace and span id", False, 60.0),
        _measure("each row with trace and span id", True, 10.0),
    ]
    head = (
        "rows",
        "seconds",
        "facts/s accepted",
        "median ms a batch",
        "p99 ms",
        "failures",
        "largest lag, facts",
        "lag at the end, s",
        "resident MB at most",
    )
    return table(f"Batches of {_ROWS:,} rows, NDJSON, {_CONNECTIONS} connections", head, rows)


def _measure(label: str, with_identity: bool, seconds: float) -> tuple[object, ...]:
    with servers.meterd() as server:
        watch = _Watch(server)
        watch.start()
        bodies = _bodies(int(seconds * 100) if with_identity else 200, with_identity)
        job = Job(server.port, PATH, bodies, _CONNECTIONS, seconds, server.token, "application/x-ndjson")
        outcome = run(job)
        started = time.perf_counter()
        while _lag(server):
            time.sleep(0.02)
        behind = time.perf_counter() - started
        watch.stop()
    return (
        label,
        seconds,
        outcome.rate * _ROWS,
        outcome.median,
        outcome.p99,
        outcome.failures,
        watch.lag,
        behind,
        watch.resident,
    )


def _bodies(count: int, with_identity: bool) -> list[bytes]:
    chance = random.Random(7)
    return ["\n".join(_row(chance, with_identity) for _ in range(_ROWS)).encode() for _ in range(count)]


def _row(chance: random.Random, with_identity: bool) -> str:
    row = {
        "guardrailName": f"group/guardrail-{chance.randrange(20)}",
        "guardrailResult": chance.choice(("pass", "pass", "pass", "fail", "mutate")),
        "appliedOnEntityScope": chance.choice(("input", "output")),
        "latencyMs": round(chance.lognormvariate(3, 1), 3),
        "teams": ["red"],
        "metadata": {"env": "prod"},
    }
    if with_identity:
        row |= {"traceId": f"{chance.getrandbits(128):032x}", "spanId": f"{chance.getrandbits(64):016x}"}
    return json.dumps(row)


def _lag(server: servers.Running) -> float:
    return server.metric("meterd_loader_lag_entries")


class _Watch(threading.Thread):
    """Looks at the loader and at memory twice a second."""

    def __init__(self, server: servers.Running) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._stopped = threading.Event()
        self.lag = 0.0
        self.resident = 0.0

    def run(self) -> None:
        while not self._stopped.wait(0.5):
            accepted = self._server.metric("meterd_ingest_facts_total")
            self.lag = max(self.lag, accepted - self._server.metric("meterd_loader_facts_total"))
            self.resident = max(self.resident, self._server.resident())

    def stop(self) -> None:
        self._stopped.set()
        self.join()
