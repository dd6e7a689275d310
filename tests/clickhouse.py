"""A ClickHouse for tests: its engine in a process of its own, that can be killed, started again, and made to fail."""

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode
from urllib.request import urlopen


class ClickHouse:
    """The engine on `directory`, behind HTTP on one port for as long as the object lives. Enter it to start."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    def url(self, database: str = "meterd") -> str:
        return f"clickhouse://default@127.0.0.1:{self._port}/{database}"

    def environment(self, database: str = "meterd") -> dict[str, str]:
        """What a server needs to keep its facts here."""
        return {"METERD_STORE__URL": self.url(database)}

    def count(self, table: str, database: str = "meterd") -> int:
        """Count the rows of a table as a reader does: one of each identity."""
        return self._number(f"SELECT count() FROM {table}", database)

    def running(self, database: str) -> int:
        """Count the questions of facts in a database that the engine works on."""
        return self._number(
            f"SELECT count() FROM system.processes WHERE current_database = '{database}' AND query_kind = 'Select'",
            "default",
        )

    def _number(self, sql: str, database: str) -> int:
        parameters = urlencode({"database": database, "final": 1})
        with urlopen(f"http://127.0.0.1:{self._port}/?{parameters}", sql.encode(), timeout=60) as answer:
            return int(answer.read())

    def start(self) -> Self:
        command = [sys.executable, "-m", "tests.clickhouse_server", str(self._port), str(self._directory)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"TZ": "UTC"})
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())
        return self

    def fail(self, kind: str, times: int = 1_000_000) -> None:
        """Let the next insertions fail: see `tests/clickhouse_server.py`, and `heal`."""
        new = self._directory / "fault.new"
        new.write_text(f"{kind} {times}")
        new.replace(self._directory / "fault")

    def heal(self) -> None:
        (self._directory / "fault").unlink(missing_ok=True)

    def kill(self) -> None:
        """`kill -9`; also of one that died by itself."""
        if self._process:
            self._process.kill()
            self.wait()

    def wait(self) -> int:
        """Return the exit status, once it ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        status = self._process.wait(60)
        self._process.stdout.close()
        self._process = None
        return status

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.kill()
