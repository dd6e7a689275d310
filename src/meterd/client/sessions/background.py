"""The two threads that look after a session."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from meterd.client.errors import MeterdClientError
from meterd.client.sessions.backlog import Backlog
from meterd.client.supervision import Report, pause_after_failure, repeat

logger = logging.getLogger("meterd.client")

_GATHERING = 0.01
"""Seconds for which calls are gathered before they go to the store together."""


class Background:
    """Runs two threads: one takes calls to the store, which may be a file, the other sends entries from there.

    So a server that does not answer keeps nothing from the file. Both start with the first signal, go on whatever is
    raised in them, and end when the backlog is finished.

    Attributes:
        signalled: whether the first thread will look at the calls anyway.
    """

    def __init__(self, backlog: Backlog, deliver: Callable[[], None], interval: float) -> None:
        self._backlog = backlog
        self._deliver = deliver
        self._interval = interval
        self._pause = pause_after_failure(interval)
        self.forget_threads()

    def forget_threads(self) -> None:
        """Start without threads, as a child process does."""
        self.signalled = False
        self._flush_at = 0.0
        self._starting = threading.Lock()  # guards _threads
        self._threads: list[threading.Thread] = []
        self._has_calls = threading.Event()
        self._has_entries = threading.Event()

    def signal(self) -> None:
        """Say that there are calls."""
        self.signalled = True
        with self._starting:
            if not self._threads:
                self._threads = [
                    self._thread(self._store_calls, self._report_calls),
                    self._thread(self._send_entries, self._report_entries),
                ]
                with suppress(RuntimeError):  # the program ends; what is held is delivered then
                    for thread in self._threads:
                        thread.start()
        self._has_calls.set()

    def signal_entries(self) -> None:
        """Say that there are entries in the store."""
        self._has_entries.set()

    def flush_in_time(self) -> None:
        """See to it that aggregates are flushed when the interval is over."""
        self._flush_at = time.monotonic() + self._interval

    def wake(self) -> None:
        """Let the threads see that the backlog is finished."""
        self._has_calls.set()
        self._has_entries.set()

    def join(self) -> None:
        """Wait for the end of the threads."""
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _store_calls(self) -> bool:
        self._has_calls.wait(self._until_flush())
        self._has_calls.clear()
        self._backlog.finished.wait(_GATHERING)
        self.signalled = False
        try:
            self._backlog.store_calls(with_aggregates=time.monotonic() >= self._flush_at)
        except BaseException:
            self.signalled = True
            self._has_calls.set()
            raise
        self._has_entries.set()
        return True

    def _until_flush(self) -> float | None:
        if not self._backlog.aggregates.changed:
            return None
        return min(max(0.0, self._flush_at - time.monotonic()), threading.TIMEOUT_MAX)

    def _send_entries(self) -> bool:
        self._has_entries.wait()
        self._has_entries.clear()
        try:
            self._deliver()
        except BaseException:
            self._has_entries.set()
            raise
        return True

    def _thread(self, step: Callable[[], bool], report: Report) -> threading.Thread:
        def run() -> None:
            repeat(step, report, self._backlog.finished, self._pause)

        return threading.Thread(target=run, name="meterd-session", daemon=True)

    def _report_calls(self, error: MeterdClientError) -> None:
        logger.warning("%d calls of a session wait in memory: %s", self._backlog.calls, error)

    def _report_entries(self, error: MeterdClientError) -> None:
        logger.warning("%d entries of a session wait: %s", self._backlog.waiting, error)
