"""A campaign of damaged requests at every address (`tests/attacks/fuzzing.py`); `METERD_FUZZ_MINUTES` says how long.

Prints the numbers of those that did harm: they go into `tests/attacks/seeds.txt`.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx
from tests.attacks.fuzzing import Fuzzer, Outcome, by_status, doors, faults, send

from bench.servers import meterd
from bench.tables import table

_FIRST = 1_000_000
_PIECE = 2_000


def measure() -> str:
    """Requests until the time is up, and what the server looked like then."""
    minutes = float(os.environ.get("METERD_FUZZ_MINUTES", "2"))
    with meterd() as server:
        document: dict[str, Any] = httpx.get(f"http://127.0.0.1:{server.port}/openapi.json").json()
        fuzzer = Fuzzer(doors(document), server.token)

        def run(number: int) -> Outcome:
            return send("127.0.0.1", server.port, number, fuzzer.request(number))

        outcomes: list[Outcome] = []
        resident: list[float] = []
        until = time.monotonic() + 60 * minutes
        with ThreadPoolExecutor(8) as threads:
            for start in count(_FIRST, _PIECE):
                outcomes += threads.map(run, range(start, start + _PIECE))
                resident.append(server.resident())
                if time.monotonic() > until:
                    break
        prompt = server.metric('meterd_event_loop_delay_seconds_bucket{le="0.25"}')
        late = server.metric("meterd_event_loop_delay_seconds_count") - prompt
    found = sorted(by_status(outcomes).items(), key=str)
    statuses = ", ".join(f"{status or 'closed'}: {number:,}" for status, number in found)
    harmful = " ".join(str(each.number) for each in faults(outcomes)) or "none"
    rows = [
        ("requests", f"{len(outcomes):,} in {minutes:g} minutes"),
        ("answers by status", statuses),
        ("server errors, by number", harmful),
        (
            "resident memory in MB: after the first requests, at most, at the end",
            f"{resident[0]:.0f}, {max(resident):.0f}, {resident[-1]:.0f}",
        ),
        ("event loop late by more than 0.25 s", f"{late:.0f} times"),
    ]
    return table("Damaged requests at every address", ("what", "figure"), rows)
