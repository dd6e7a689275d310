"""A campaign of damaged requests at every address (`tests/attacks/fuzzing.py`); `METERD_FUZZ_MINUTES` says how long.

Prints the numbers of those that did harm: they go into `tests/attacks/seeds.txt`.
"""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx2
from tests.attacks.fuzzing import Fuzzer, Outcome, by_status, doors, faults, send

from bench.servers import Running, meterd, starved_seconds
from bench.tables import table

_FIRST = 1_000_000
_PIECE = 2_000
_PROBED_EVERY = 0.05
_STALL = 0.25
"""Seconds without an answer to `/healthz`, less those in which the machine let server or probe wait for a processor."""


def measure() -> str:
    """Requests until the time is up, and what the server looked like then."""
    minutes = float(os.environ.get("METERD_FUZZ_MINUTES", "2"))
    with meterd() as server:
        document: dict[str, Any] = httpx2.get(f"http://127.0.0.1:{server.port}/openapi.json").json()
        fuzzer = Fuzzer(doors(document), server.token)

        def run(number: int) -> Outcome:
            return send("127.0.0.1", server.port, number, fuzzer.request(number))

        outcomes: list[Outcome] = []
        resident: list[float] = []
        until = time.monotonic() + 60 * minutes
        ended = threading.Event()
        with ThreadPoolExecutor(9) as threads:
            stalls = threads.submit(_stalls, server, ended)
            for start in count(_FIRST, _PIECE):
                outcomes += threads.map(run, range(start, start + _PIECE))
                resident.append(server.resident())
                if time.monotonic() > until:
                    ended.set()
                    break
        probes, stalled = stalls.result()
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
        (f"no answer to /healthz for more than {_STALL:g} s", f"{stalled:,} of {probes:,} times"),
    ]
    return table("Damaged requests at every address", ("what", "figure"), rows)


def _stalls(server: Running, ended: threading.Event) -> tuple[int, int]:
    """How often `/healthz` was asked, and how often the server let the probe wait for too long."""
    probes = stalled = 0
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:
        while not ended.wait(_PROBED_EVERY):
            starved, began = _starved(server), time.perf_counter()
            client.get("/healthz")
            seconds = time.perf_counter() - began - (_starved(server) - starved)
            probes += 1
            stalled += seconds > _STALL
    return probes, stalled


def _starved(server: Running) -> float:
    return server.starved_seconds() + starved_seconds(threading.get_native_id())
