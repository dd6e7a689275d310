"""(g) What recording calls costs the hot ingest path: the same load with `usage.record` off and on, in turns."""

import statistics

from bench import servers
from bench.events import EVENT
from bench.load import Job, Outcome, run
from bench.tables import table

_CONNECTIONS = (1, 64)
_ROUNDS = 5


def measure(seconds: float = 4.0) -> str:
    """Rounds alternate; each figure is the median of its rounds, the cost that of each round's pair."""
    rows = []
    for connections in _CONNECTIONS:
        pairs = [(_load("off", connections, seconds), _load("api", connections, seconds)) for _ in range(_ROUNDS)]
        off, on = ([outcome.rate for outcome in outcomes] for outcomes in zip(*pairs, strict=True))
        cost = statistics.median(1 - with_record / without for without, with_record in zip(off, on, strict=True))
        failures = sum(outcome.failures for pair in pairs for outcome in pair)
        rows.append((connections, statistics.median(off), statistics.median(on), f"{cost:.1%}", failures))
    head = ("connections", "not recorded requests/s", "recorded requests/s", "cost", "failures")
    return table("Recording of calls: `POST /metric`", head, rows)


def _load(record: str, connections: int, seconds: float) -> Outcome:
    with servers.meterd(environment={"METERD_USAGE__RECORD": record}) as server:
        return run(Job(server.port, "/metric", [EVENT], connections, seconds, server.token))
