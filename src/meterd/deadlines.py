"""A time limit for every request, for less than a timer each: one look a second at those that are running."""

import asyncio
import time


class Deadlines:
    """Cancels tasks that run longer than `timeout` seconds, up to a second late."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._started: dict[asyncio.Task[object], float] = {}
        self._expired: set[asyncio.Task[object]] = set()
        self._is_scheduled = False

    def start(self) -> asyncio.Task[object]:
        """Watch the current task until `finish`."""
        task = asyncio.current_task()
        assert task is not None  # called from a coroutine
        self._started[task] = time.monotonic()
        if not self._is_scheduled:
            self._is_scheduled = True
            task.get_loop().call_later(1.0, self._cancel_expired)
        return task

    def finish(self, task: asyncio.Task[object]) -> None:
        del self._started[task]

    def expired(self, task: asyncio.Task[object]) -> bool:
        """Return whether a cancellation of the task was ours; then it is taken back."""
        if task not in self._expired:
            return False
        self._expired.discard(task)
        task.uncancel()
        return True

    def _cancel_expired(self) -> None:
        late = time.monotonic() - self.timeout
        for task, started in self._started.items():
            if started > late:
                break  # the others started later
            if task not in self._expired:
                self._expired.add(task)
                task.cancel()
        self._is_scheduled = bool(self._started)
        if self._is_scheduled:
            asyncio.get_running_loop().call_later(1.0, self._cancel_expired)
