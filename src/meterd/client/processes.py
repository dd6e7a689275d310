"""Executions of processes, as rows of `processMetrics` (`docs/specifications/usage-metrics.md` section 5.2)."""

import logging
import secrets
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from meterd.client.errors import MeterdClientError
from meterd.client.rows import Row

PROCESSES = "processMetrics"
_MAX_DETAIL_LENGTH = 512

logger = logging.getLogger("meterd.client")


class ProcessRun:
    """One execution of a process, from its begin on. `id` names it, so that it counts once however often it is sent."""

    def __init__(self, name: str, trigger: str | None, environment: str | None, metadata: Mapping[str, str] | None):
        self.id = secrets.token_hex(12)
        self.name = name
        self._members = {"trigger": trigger, "environment": environment, "metadata": metadata}
        self._began = datetime.now(UTC)
        self._started = time.monotonic()
        self._failure = ""
        self._warnings: list[str] = []

    def warning(self, text: object) -> None:
        """Record that something is not as it should be while the process goes on: its status becomes `warning`."""
        self._warnings.append(str(text))

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Do the work inside: an exception that leaves it is why the run failed, but not `sys.exit(0)`."""
        try:
            yield
        except BaseException as error:
            if not isinstance(error, SystemExit) or error.code not in (None, 0):
                self._failure = "".join(traceback.format_exception_only(error)).strip()
            raise

    def row(self) -> Row:
        """Make the row to record now that the work is done."""
        problems = [self._failure, *self._warnings] if self._failure else self._warnings
        members: dict[str, object] = self._members | {
            "id": self.id,
            "name": self.name,
            "createdAt": self._began,
            "status": "failed" if self._failure else "warning" if self._warnings else "success",
            "duration": round((time.monotonic() - self._started) * 1000),
            "detail": _cut("; ".join(problems)) or None,
        }
        return {name: value for name, value in members.items() if value is not None}


def _cut(text: str) -> str:
    """Make text UTF-8, whatever it was, and not too long."""
    return text.encode("utf-8", "backslashreplace").decode()[:_MAX_DETAIL_LENGTH]


@contextmanager
def logging_failure(run: ProcessRun) -> Iterator[None]:
    """Record a run inside: the work is done, and what is wrong with its record is only logged."""
    try:
        yield
    except MeterdClientError as error:
        logger.error("a run of %s is not recorded: %s", run.name, error)
