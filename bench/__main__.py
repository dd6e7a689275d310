"""Run every benchmark, or those named, and print the tables; a full run or `--write` puts them into RESULTS.md.

`engines=2000000` lets one that is of so many facts be of fewer.
"""

import os
import platform
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    batches,
    classify,
    clickhouse,
    clients,
    complexity,
    dashboard,
    engines,
    events,
    first_minutes,
    fuzz,
    groups,
    influxdb,
    loading,
    memory,
    moving,
    pages,
    queries,
    recording,
    sessions,
    soak,
    sources,
    usage,
)

BENCHMARKS: dict[str, Callable[..., str]] = {
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
    "clickhouse": clickhouse.measure,
    "engines": engines.measure,
    "moving": moving.measure,
    "fuzz": fuzz.measure,
}
LONG: dict[str, Callable[..., str]] = {"first-minutes": first_minutes.measure, "soak": soak.measure}
"""Run only when they are named."""


_RESULTS = Path(__file__).with_name("RESULTS.md")
_PART = re.compile(r"^<!-- ([\w-]+): (.*?) -->\n", re.MULTILINE)
"""What stands above the tables of one benchmark: its name, and when and where it ran."""
_HEAD = """# Results

Written by `make bench`, or for some benchmarks by `make bench ARGS="--write NAME"`. The load generator shares the
machine with the server, and other work may, and not every day's machine is as fast: compare within a table, not
between them.
"""


def main(arguments: list[str]) -> None:
    facts = dict(each.partition("=")[::2] for each in arguments if each != "--write")
    known = BENCHMARKS | LONG
    unknown = [name for name in facts if name not in known]
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]}: use {', '.join(known)}")
    for name in facts or BENCHMARKS:
        tables = known[name](*map(int, filter(None, [facts.get(name)])))
        sys.stdout.write(tables + "\n")
        sys.stdout.flush()
        if not facts or "--write" in arguments:
            _write(name, tables)


def _write(name: str, tables: str) -> None:
    """Put the tables of one benchmark into the results, in the place of those that it wrote before."""
    cores, version = os.cpu_count(), platform.python_version()
    ran = f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores, Python {version}"
    _, *parts = _PART.split(_RESULTS.read_text())
    results = dict(zip(parts[::3], zip(parts[1::3], parts[2::3], strict=True), strict=True))
    results[name] = ran, f"{tables.strip()}\n\n_{ran}_"
    kept = [(each, *results[each]) for each in BENCHMARKS | LONG if each in results]
    text = "\n\n".join(f"<!-- {each}: {when} -->\n\n{part.strip()}" for each, when, part in kept)
    _RESULTS.write_text(f"{_HEAD}\n{text}\n")


main(sys.argv[1:])
