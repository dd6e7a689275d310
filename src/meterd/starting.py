"""Signals to a service that is only starting: nothing was promised yet, so it ends at once, and well."""

import os
import signal
import types

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def end_on_signals() -> None:
    """Until the server has its own way with them. What is on disk is as after `kill -9`, which the next start knows."""
    for number in SIGNALS:
        signal.signal(number, _end)


def _end(_signal: int, _frame: types.FrameType | None) -> None:
    os._exit(0)
