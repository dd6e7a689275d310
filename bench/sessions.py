"""Points appended to sessions of different sizes, and a large session read page by page."""

import json
import statistics
import time
import urllib.request
from typing import Any

from bench import servers
from bench.load import Job, run
from bench.tables import table

_POINT = b'{"name": "frame_ms", "value": 16.6, "tags": ["scene:lobby", "quality:high", "region:eu"]}'
_LARGE = 50_000
_CONNECTIONS = 8
_SECONDS = 5.0
_PUBLISHED = {"one fresh session": 238, f"one session of {_LARGE:,} points": 6.8, "64 sessions": 1600}
"""Requests a second of the original, as `docs/specifications/sessions.md` section 12.1 has them for the same load."""


def measure() -> str:
    """Appends a second, beside the original's published figures, and milliseconds of a page."""
    with servers.meterd() as server:
        large = _session(server)
        _fill(server, large)
        targets = dict(
            zip(_PUBLISHED, ([_session(server)], [large], [_session(server) for _ in range(64)]), strict=True)
        )
        rows: list[tuple[object, ...]] = []
        for label, sessions in targets.items():
            paths = [f"/api/sessions/{session}/metrics" for session in sessions]
            outcome = run(Job(server.port, paths, [_POINT], _CONNECTIONS, _SECONDS, server.token))
            published = _PUBLISHED[label]
            rows.append(
                (
                    label,
                    outcome.rate,
                    published,
                    outcome.rate / published,
                    outcome.median,
                    outcome.p99,
                    outcome.failures,
                )
            )
        first, following = _pages(server, large)
    head = ("points go to", "appends/s", "the original's", "ratio", "median ms", "p99 ms", "failures")
    appends = table(f"Sessions: points appended, {_CONNECTIONS} connections", head, rows)
    pages = table(
        f"Sessions: pages of 500 points of a session of {_LARGE:,}",
        ("page", "median ms"),
        [("first", first), ("following", following)],
    )
    return f"{appends}\n{pages}"


def _session(server: servers.Running) -> str:
    session: str = _post(server, "/api/sessions", {"product": "bench", "version": "1"})["session_id"]
    return session


def _post(server: servers.Running, path: str, body: Any) -> Any:
    return _call(server, path, json.dumps(body).encode())


def _call(server: servers.Running, path: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}", body, {"Authorization": f"Bearer {server.token}"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def _fill(server: servers.Running, session: str) -> None:
    count = 0
    while count < _LARGE:
        job = Job(server.port, f"/api/sessions/{session}/metrics", [_POINT], 64, 1.0, server.token)
        count += run(job).requests


def _pages(server: servers.Running, session: str) -> tuple[float, float]:
    first, following = [], []
    path = f"/api/sessions/{session}?collection=metrics&limit=500"
    for _ in range(11):
        started = time.perf_counter()
        cursor = _call(server, path)["next"]["metrics"]
        first.append((time.perf_counter() - started) * 1000)
        for _ in range(5):
            started = time.perf_counter()
            cursor = _call(server, f"{path}&cursor={cursor}")["next"]["metrics"]
            following.append((time.perf_counter() - started) * 1000)
    return statistics.median(first), statistics.median(following)
