"""How often signing in may fail: who guesses is slowed down."""

import time
from collections import OrderedDict
from collections.abc import Callable

from meterd.errors import Unavailable

_WINDOW = 60.0
_MAX_ADDRESSES = 1000
"""Addresses that are remembered; of more the first ones are forgotten."""


class Attempts:
    """Counts failed sign-ins by the address that they come from; so many a minute are looked at. `now` is monotonic."""

    def __init__(self, maximum: int, now: Callable[[], float] = time.monotonic) -> None:
        self._maximum = maximum
        self._now = now
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raise `Unavailable` when too many from this address have failed within a minute."""
        began, failures = self._failures.get(address, (0.0, 0))
        left = began + _WINDOW - self._now()
        if failures >= self._maximum and left > 0:
            raise Unavailable(
                "too many sign-ins from your address failed within a minute"
                f" (access.sign-in-failures-per-minute, {self._maximum}): try again in {left:.0f} s",
                max(1, round(left)),
            )

    def note_failure(self, address: str) -> None:
        """Count one that failed."""
        now = self._now()
        began, failures = self._failures.pop(address, (now, 0))
        self._failures[address] = (began, failures + 1) if now - began < _WINDOW else (now, 1)
        if len(self._failures) > _MAX_ADDRESSES:
            self._failures.popitem(last=False)
