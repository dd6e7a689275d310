"""Limits a minute: what unknown callers may make the service write."""

import time

_WINDOW = 60.0


class Rate:
    """Admits `maximum` a minute. `take_withheld` tells how many more there were in the minute before this one."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._began = float("-inf")
        self._seen = self._withheld = 0

    def admits(self) -> bool:
        """Return whether one more is among them; asking counts."""
        now = time.monotonic()
        if now - self._began >= _WINDOW:
            self._withheld += max(0, self._seen - self._maximum)
            self._began, self._seen = now, 0
        self._seen += 1
        return self._seen <= self._maximum

    def take_withheld(self) -> int:
        """Return how many were not admitted in the minutes that are over, since the last call."""
        withheld, self._withheld = self._withheld, 0
        return withheld
