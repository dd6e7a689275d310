"""(a) Single meter events over HTTP, durable, beside an application that does nothing on the same server settings."""

import statistics

from bench import servers
from bench.load import Job, Outcome, run
from bench.tables import table

EVENT = (
    b'{"attributes": {"agent_id": "billing-bot", "platform": "GCP_VERTEX"}, '
    b'"meter": {"name": "ai_guard.agent", "value": "1234"}}'
)
_CONNECTIONS = (1, 16, 64)
_ROUNDS = 3


def measure(seconds: float = 4.0) -> str:
    """Rounds alternate between the two servers; each figure is the median of its rounds."""
    rows = []
    for connections in _CONNECTIONS:
        nothing, meterd = [], []
        for _ in range(_ROUNDS):
            with servers.nothing() as server:
                nothing.append(_load(server, connections, seconds))
            with servers.meterd() as server:
                meterd.append(_load(server, connections, seconds))
        rate, yardstick = (statistics.median(each.rate for each in outcomes) for outcomes in (meterd, nothing))
        rows.append(
            (
                connections,
                yardstick,
                rate,
                rate / yardstick,
                statistics.median(each.median for each in meterd),
                statistics.median(each.p99 for each in meterd),
                sum(each.failures for each in meterd),
            )
        )
    head = ("connections", "do-nothing requests/s", "meterd requests/s", "ratio", "median ms", "p99 ms", "failures")
    return table("Single events: `POST /metric`, durable", head, rows)


def _load(server: servers.Running, connections: int, seconds: float) -> Outcome:
    return run(Job(server.port, "/metric", [EVENT], connections, seconds, server.token or "x" * 44))
