"""Single durable events: `POST /metric` beside InfluxDB, which syncs its log on each write, and a do-nothing server."""

import contextlib
import shutil
import statistics
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from bench import servers
from bench.events import EVENT
from bench.load import Job, run
from bench.tables import table

TITLE = "Single events beside InfluxDB, durable"
_CONNECTIONS = (16, 64, 256)
_ROUNDS = 3
_POINT = b"ai_guard_agent,agent_id=billing-bot,platform=GCP_VERTEX value=1234i"
_SETTINGS = """reporting-disabled = true
bind-address = "127.0.0.1:{other}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
wal-fsync-delay = "0s"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
"""


def measure(seconds: float = 4.0) -> str:
    """Rounds alternate between the servers; each figure is the median of its rounds."""
    if not shutil.which("influxd"):
        return f"## {TITLE}\n\nNot measured: InfluxDB 1 is not installed (Debian's package `influxdb` has it).\n"
    ways: dict[str, tuple[Callable[[], AbstractContextManager[servers.Running]], str, bytes]] = {
        "nothing": (servers.nothing, "/metric", EVENT),
        "influxdb": (influxdb, "/write?db=bench", _POINT),
        "meterd": (servers.meterd, "/metric", EVENT),
    }
    rows = []
    for connections in _CONNECTIONS:
        rates: dict[str, list[float]] = {name: [] for name in ways}
        failures = 0
        for _ in range(_ROUNDS):
            for name, (serving, path, body) in ways.items():
                with serving() as server:
                    job = Job(server.port, path, [body], connections, seconds, server.token or "x" * 44)
                    outcome = run(job)
                rates[name].append(outcome.rate)
                failures += outcome.failures
        nothing, influx, ours = (statistics.median(each) for each in rates.values())
        rows.append((connections, nothing, influx, ours, ours / influx, ours / nothing, failures))
    head = (
        "connections",
        "do-nothing requests/s",
        "InfluxDB requests/s",
        "meterd requests/s",
        "to InfluxDB",
        "to do-nothing",
        "failures",
    )
    return table(TITLE, head, rows)


@contextlib.contextmanager
def influxdb() -> Iterator[servers.Running]:
    """InfluxDB on a directory of its own, with a database `bench`."""
    with tempfile.TemporaryDirectory(prefix="influxdb-bench-") as folder:
        port, settings = servers.free_port(), Path(folder) / "influxdb.conf"
        settings.write_text(_SETTINGS.format(folder=folder, port=port, other=servers.free_port()))
        command: list[str | Path] = ["influxd", "-config", settings]
        with servers.serving(command, port, "/ping") as process:
            create = f"http://127.0.0.1:{port}/query?q=CREATE+DATABASE+bench"
            urllib.request.urlopen(urllib.request.Request(create, method="POST")).close()
            yield servers.Running(port, process, "", Path(folder))
