"""Whether a server that works steadily keeps its size: resident memory and file descriptors over a long time.

`METERD_SOAK_MINUTES` says how long, 30 unless it does; the first third warms up and does not count.
"""

import itertools
import os
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from bench import servers
from bench.tables import table

_METRICS = "/api/svc/v1/llm-gateway/metrics"
_EVERY = 5.0
"""Seconds between two looks at the server."""

_PAUSE = 0.02
"""Seconds between two rounds of a client: a load that the server bears for ever."""


class _Look(NamedTuple):
    minutes: float
    resident: float
    descriptors: int


_refused = itertools.count()


def measure() -> str:
    """A server under metric events, ingest, queries and sessions, and how it grew after it was warm."""
    minutes = float(os.environ.get("METERD_SOAK_MINUTES", "30"))
    ended = threading.Event()
    rounds = itertools.count()
    with servers.meterd() as server:
        clients = [threading.Thread(target=_work, args=(server, ended, rounds)) for _ in range(2)]
        for client in clients:
            client.start()
        looks = _look(server, minutes)
        ended.set()
        for client in clients:
            client.join()
    warm = [look for look in looks if look.minutes >= minutes / 3]
    rows = [
        ("rounds of one event, 20 rows, a query and a session with an event and a point", f"{next(rounds):,}"),
        ("requests that had to be sent again (503)", f"{next(_refused):,}"),
        (
            "resident MB at the beginning, when warm, at the end",
            f"{looks[0].resident:.0f}, {warm[0].resident:.0f}, {warm[-1].resident:.0f}",
        ),
        ("MB a minute when warm (least squares)", f"{_slope(warm):.2f}"),
        ("file descriptors when warm, at the end", f"{warm[0].descriptors}, {warm[-1].descriptors}"),
    ]
    return table(f"Steady load for {minutes:g} minutes", ("what", "figure"), rows)


def _look(server: servers.Running, minutes: float) -> list[_Look]:
    started = time.monotonic()
    looks: list[_Look] = []
    while not looks or looks[-1].minutes < minutes:
        time.sleep(_EVERY)
        descriptors = len(list(Path(f"/proc/{server.process}/fd").iterdir()))
        looks.append(_Look((time.monotonic() - started) / 60, server.resident(), descriptors))
    return looks


def _slope(looks: list[_Look]) -> float:
    """Growth of resident memory in MB a minute."""
    middle = sum(look.minutes for look in looks) / len(looks)
    spread = sum((look.minutes - middle) ** 2 for look in looks)
    return sum((look.minutes - middle) * look.resident for look in looks) / spread if spread else 0.0


def _work(server: servers.Running, ended: threading.Event, rounds: "itertools.count[int]") -> None:
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=60) as client:
        while not ended.wait(_PAUSE):
            _round(client, next(rounds))


def _round(client: httpx2.Client, number: int) -> None:
    """Every kind of work once; values repeat, as those of real senders do."""
    agent = {"agent_id": f"agent-{number % 50}", "platform": "DATABRICKS"}
    _post(client, "/metric", {"attributes": agent, "meter": {"name": "ai_guard.agent", "value": "120"}})
    rows = [
        {"guardrailName": f"guardrail-{place}", "latencyMs": place, "traceId": f"trace-{number}", "spanId": str(place)}
        for place in range(20)
    ]
    _post(client, f"{_METRICS}/ingest?datasource=guardrailMetrics", rows)
    asked = {
        "startTs": "2020-01-01T00:00:00Z",
        "endTs": "2100-01-01T00:00:00Z",
        "datasource": "guardrailMetrics",
        "type": "distribution",
        "groupBy": ["guardrailName"],
        "aggregations": [{"type": "p99", "column": "latencyMs"}],
    }
    _post(client, f"{_METRICS}/query", asked)
    session = _post(client, "/api/sessions", {"product": "soak", "version": "1"})["session_id"]
    _post(client, f"/api/sessions/{session}/events", {"name": "step"})
    _post(client, f"/api/sessions/{session}/metrics", {"name": "load", "value": 1, "type": "gauge"})
    _post(client, f"/api/sessions/{session}/end", {})


def _post(client: httpx2.Client, path: str, body: Any) -> Any:
    while (answer := client.post(path, json=body)).status_code == httpx2.codes.SERVICE_UNAVAILABLE:
        next(_refused)
        time.sleep(float(answer.headers["retry-after"]))
    answer.raise_for_status()
    return answer.json() if answer.content else None
