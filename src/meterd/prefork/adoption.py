"""Journals of workers that are no more: what they hold comes into the store, as a service with fewer workers starts."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import structlog

from meterd.data_directory import path_of
from meterd.draining import load_out
from meterd.errors import ConfigurationError, MeterdError
from meterd.ingest.stamped import read_state
from meterd.installation import File
from meterd.settings import Settings
from meterd.supervision import ADOPTION, Supervisor

log = structlog.get_logger()

_CLOSE_SECONDS = 45.0
"""How long a stop waits; what is not loaded by then stays, and the next start goes on."""


class WorkerAdoption:
    """Loads what journals hold, one after the other, in a thread of its own while the service works.

    One that can't be loaded keeps none of the others from it, and is tried again.

    Args:
        directories: the data directories of workers that are no more.
        settings: of the service, whose store it is.
    """

    def __init__(self, directories: Sequence[Path], settings: Settings, supervisor: Supervisor) -> None:
        self.directories = directories
        self._settings = settings
        self._thread = supervisor.thread(ADOPTION, self._round, lambda _error: None) if directories else None

    def start(self) -> None:
        """Begin, if there is anything to do."""
        if self._thread:
            self._thread.start()

    def close(self) -> None:
        """End soon; what is not loaded stays in the journals."""
        if self._thread:
            self._thread.stop()
            self._thread.join(_CLOSE_SECONDS)

    @property
    def _is_stopping(self) -> bool:
        return self._thread is not None and self._thread.is_stopping

    def _round(self) -> bool:
        problem: MeterdError | None = None
        for directory in self.directories:
            if self._is_stopping:
                return False
            try:
                self._load(directory)
            except MeterdError as error:
                problem = error
        if problem:
            raise problem
        return False

    def _load(self, directory: Path) -> None:
        """Load the journal of one of them, unless it is empty. Raises `MeterdError`."""
        if not path_of(directory, File.JOURNAL).exists():
            return
        try:
            state = read_state(path_of(directory, File.JOURNAL))
        except sqlite3.Error as error:
            raise ConfigurationError(f"the journal in {directory} can't be read ({error})") from None
        if state.first > state.end:
            return
        log.info("the journal of a worker that is no more is loaded", directory=str(directory))
        (report,) = load_out(directory, self._settings, lambda: self._is_stopping)
        if not self._is_stopping:
            log.info("what it held is in the store", directory=str(directory), facts=report.facts)
