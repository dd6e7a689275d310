"""(s) What moves and copies an installation: export and import beside the engine alone, and a backup under load."""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from bench import servers
from bench.compare import MONTH, fill
from bench.events import EVENT
from bench.load import Job, Outcome, run
from bench.queries import FACTS
from bench.tables import table

_FACTS = 3_000_000
_CONNECTIONS = 16
_ROUNDS = 3
_STEP = 2 * MONTH // _FACTS  # two months, so two files
_TABLE = "guardrail_evaluations"


def measure(facts: int = _FACTS, seconds: float = 6.0) -> str:
    """One table with a run of each step, and one with medians of rounds."""
    with tempfile.TemporaryDirectory(prefix="meterd-bench-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        fill(data / "store.duckdb", FACTS.format(facts=facts, step=_STEP))
        with servers.meterd(data):
            pass  # a first start makes the other files
        return _moving(Path(folder), data, facts) + "\n" + _backup(Path(folder), data, seconds)


def _moving(folder: Path, data: Path, facts: int) -> str:
    rows = []
    bare = folder / "bare.parquet"
    with duckdb.connect(str(data / "store.duckdb")) as connection:
        copied = _timed(lambda: connection.execute(f"COPY {_TABLE} TO '{bare}' (FORMAT parquet, COMPRESSION zstd)"))
        connection.execute(f"ATTACH '{folder / 'bare.duckdb'}' AS bare")
        inserted = _timed(lambda: connection.execute(f"CREATE TABLE bare.facts AS SELECT * FROM '{bare}'"))
    rows.append(("bare engine: COPY to Parquet", copied, facts / copied, 1.0))
    exported = _timed(lambda: _run("export", folder / "export", "--data", data))
    rows.append(("meterd export: copied, written, read again", exported, facts / exported, exported / copied))
    rows.append(("bare engine: table from Parquet", inserted, facts / inserted, 1.0))
    for what in ("meterd import into a new directory", "meterd import again: every fact compared"):
        took = _timed(lambda: _run("import", folder / "export", "--data", folder / "moved"))
        rows.append((what, took, facts / took, took / inserted))
    megabytes = sum(each.stat().st_size for each in (folder / "export").rglob("*.parquet")) / 1e6
    title = f"Export and import: {facts:,} guardrail evaluations, {megabytes:,.0f} MB of Parquet"
    return table(title, ("step", "s", "facts/s", "time, to the bare engine"), rows)


def _backup(folder: Path, data: Path, seconds: float) -> str:
    """Rounds alternate: the same load alone, and while backups are made one after the other."""
    alone, beside, took = [], [], []
    for number in range(_ROUNDS):
        with servers.meterd(data) as server:
            alone.append(_load(server, seconds))
            backups = _Backups(data, folder / f"backups-{number}")
            backups.start()
            beside.append(_load(server, seconds))
            took += backups.stop()
    rows = [
        ("alone", *_medians(alone), ""),
        ("beside backups", *_medians(beside), statistics.median(took)),
    ]
    ratio = statistics.median(on.rate / off.rate for off, on in zip(alone, beside, strict=True))
    title = f"Backup under load: `POST /metric`, {_CONNECTIONS} connections; {ratio:.0%} of the rate beside backups"
    return table(title, ("load", "requests/s", "median ms", "p99 ms", "failures", "s of a backup"), rows)


class _Backups(threading.Thread):
    """Makes backups, one after the other, until it is stopped."""

    def __init__(self, data: Path, folder: Path) -> None:
        super().__init__()
        self._data = data
        self._folder = folder
        self._is_over = threading.Event()
        self._took: list[float] = []

    def run(self) -> None:
        self._folder.mkdir()
        while not self._is_over.is_set():
            target = self._folder / str(len(self._took))
            self._took.append(_timed(partial(_run, "backup", target, "--data", self._data)))

    def stop(self) -> list[float]:
        self._is_over.set()
        self.join()
        return self._took


def _medians(outcomes: list[Outcome]) -> tuple[float, float, float, int]:
    rate, median, p99 = (
        statistics.median(getattr(each, name) for each in outcomes) for name in ("rate", "median", "p99")
    )
    return rate, median, p99, sum(each.failures for each in outcomes)


def _load(server: servers.Running, seconds: float) -> Outcome:
    return run(Job(server.port, "/metric", [EVENT], _CONNECTIONS, seconds, server.token))


def _run(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "meterd", *arguments], check=True, capture_output=True)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
