"""Executions of processes, as rows of `processMetrics` (`docs/specifications/usage-metrics.md` section 5.2)."""

import logging
import secrets
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from meterd.client.encoding import as_text, printable
from meterd.client.errors import MeterdClientError
from meterd.client.rows import Row

PROCESSES = "processMetrics"
_MAX_DETAIL_LENGTH = 512

logger = logging.getLogger("meterd.client")


class ProcessRun:
    """One execution of a process, from its begin on. `id` names it, so that it counts once however often it is sent."""

    def __init__(self, name: str, trigger: str | None, environment: str | None, metadata: Mapping[str, str] | None):
        self.id = secrets.token_hex(12)
        self.name = as_text(name)
        self._members = {"trigger": _text(trigger), "environment": _text(environment), "metadata": _labels(metadata)}
        self._began = datetime.now(UTC)
        self._started = time.monotonic()
        self._failure = ""
        self._warnings: list[str] = []

    def warning(self, text: object) -> None:
        """Record that something is not as it should be while the process goes on: its status becomes `warning`."""
        self._warnings.append(as_text(text))

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Do the work inside: an exception that leaves it is why the run failed, but not `sys.exit(0)`."""
        try:
            yield
        except BaseException as error:
            if not isinstance(error, SystemExit) or error.code not in (None, 0):
                self._failure = printable("".join(traceback.format_exception_only(error)).strip())
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
            "detail": "; ".join(problems)[:_MAX_DETAIL_LENGTH] or None,
        }
        return {name: value for name, value in members.items() if value is not None}


def _text(value: object) -> str | None:
    return None if value is None else as_text(value)


def _labels(metadata: Mapping[str, object] | None) -> dict[str, str] | None:
    """Return labels as texts, of whatever they are made; a thing without keys is one label."""
    if metadata is None:
        return None
    pairs = metadata.items() if isinstance(metadata, Mapping) else [("metadata", metadata)]
    return {as_text(key): as_text(value) for key, value in pairs if value is not None}


@contextmanager
def logging_failure(run: ProcessRun) -> Iterator[None]:
    """Record a run inside: the work is done, and what is wrong with its record is only logged."""
    try:
        yield
    except MeterdClientError as error:
        logger.error("a run of %s is not recorded: %s", run.name, error)
