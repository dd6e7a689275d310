"""Retries: which errors are worth another attempt, and when it is made."""

import logging
import random
import time

from meterd.client.errors import ConnectionFailed, MeterdClientError, StatusError

logger = logging.getLogger("meterd.client")

FIRST_WAIT = 0.1
MAX_WAIT = 5.0
MAX_JITTER = 1.0
"""Seconds; waits double from the first to the longest, each with so much chance at most."""


class Backoff:
    """Decides whether and when to retry one request: `retried` are the statuses that may pass.

    There are at most `attempts`, and none begins later than `timeout` seconds from now. `Retry-After` is honoured.
    """

    def __init__(self, retried: frozenset[int], attempts: int, timeout: float) -> None:
        self._retried = retried
        self._left = attempts
        self._deadline = time.monotonic() + timeout
        self._wait = FIRST_WAIT

    def pause_after(self, error: MeterdClientError) -> float | None:
        """Return the seconds until another attempt; None when there is none."""
        self._left -= 1
        if self._left < 1 or not self._may_pass(error):
            return None
        pause = self._pause(error)
        if time.monotonic() + pause > self._deadline:
            return None
        logger.info("another attempt in %.1f seconds: %s", pause, error)
        return pause

    def _may_pass(self, error: MeterdClientError) -> bool:
        if isinstance(error, StatusError):
            return error.status in self._retried
        return isinstance(error, ConnectionFailed)

    def _pause(self, error: MeterdClientError) -> float:
        if isinstance(error, StatusError) and error.retry_after is not None:
            return error.retry_after
        wait, self._wait = self._wait, self._wait * 2
        return min(wait + random.uniform(0, MAX_JITTER), MAX_WAIT)  # noqa: S311 - spreads attempts
