"""Run every benchmark, or those named, and print the tables; a full run rewrites RESULTS.md."""

import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    batches,
    classify,
    clients,
    complexity,
    dashboard,
    events,
    first_minutes,
    fuzz,
    groups,
    influxdb,
    loading,
    memory,
    pages,
    queries,
    recording,
    sessions,
    soak,
    sources,
    usage,
)

BENCHMARKS: dict[str, Callable[[], str]] = {
    "events": events.measure,
    "influxdb": influxdb.measure,
    "batches": batches.measure,
    "sources": sources.measure,
    "queries": queries.measure,
    "dashboard": dashboard.measure,
    "groups": groups.measure,
    "pages": pages.measure,
    "sessions": sessions.measure,
    "clients": clients.measure,
    "recording": recording.measure,
    "classify": classify.measure,
    "usage": usage.measure,
    "memory": memory.measure,
    "complexity": complexity.measure,
    "loading": loading.measure,
    "fuzz": fuzz.measure,
}
LONG: dict[str, Callable[[], str]] = {"first-minutes": first_minutes.measure, "soak": soak.measure}
"""Run only when they are named."""


def main(names: list[str]) -> None:
    known = BENCHMARKS | LONG
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]}: use {', '.join(known)}")
    parts = []
    for name in names or BENCHMARKS:
        parts.append(known[name]())
        sys.stdout.write(parts[-1] + "\n")
        sys.stdout.flush()
    if not names:
        Path(__file__).with_name("RESULTS.md").write_text("\n".join([_head(), *parts]))


def _head() -> str:
    cores, version = os.cpu_count(), platform.python_version()
    return (
        f"# Results\n\nWritten by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {cores} cores, Python {version}. The "
        "load generator shares the machine with the server, and other work may: compare within a table, not between "
        "runs.\n"
    )


main(sys.argv[1:])
