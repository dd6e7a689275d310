"""Retries: which errors are worth another attempt, and when it is made."""

import time

from meterd.client.errors import ConnectionFailed, StatusError


class Backoff:
    """Decides whether and when to retry one request, as stamina's `on`: `retried` are the statuses that may pass.

    `Retry-After` is honoured unless it ends after `timeout` seconds from now. Without it waits grow exponentially.
    """

    def __init__(self, retried: frozenset[int], timeout: float) -> None:
        self._retried = retried
        self._deadline = time.monotonic() + timeout

    def __call__(self, error: Exception) -> bool | float:
        if not isinstance(error, StatusError):
            return isinstance(error, ConnectionFailed)
        if error.status not in self._retried:
            return False
        if error.retry_after is None:
            return True
        return time.monotonic() + error.retry_after <= self._deadline and error.retry_after
