"""Named places where a test lets the process die, as `kill -9` would, or an error come up, at the worst moment.

`METERD_FAIL_POINT=name` kills at the first visit of `name`, `name:3` at the third; `name:3:raise` raises `Injected`
there instead, once; `name:3:fail` there and at all visits after it. Without the variable a visit is one comparison.
"""

import os
import signal

NAMES = ("after-journal-commit", "before-store-commit", "after-store-commit", "in-checkpoint", "before-trim")
"""Where a running service may die."""
START = (
    "start-locked",
    "start-store-opened",
    "start-directory-opened",
    "start-journal-opened",
    "start-files-opened",
    "start-core-built",
    "start-protocols-built",
    "start-recorder-started",
    "start-loader-started",
)
"""Steps of a start, in order, after each of which it may fail."""
START_IN_LOOP = ("start-tasks",)
"""Steps of a start in the event loop, after each of which it may fail."""

DRAINING = ("drained-batch",)
"""Where `meterd journal drain` may die: a batch was taken over, and another one is to come."""
COMMANDS = (
    "export-file-written",
    "before-file-commit",
    "import-file-added",
    "forget-noted",
    "forget-facts-gone",
    "forget-documents-gone",
)
"""Where a command may die that moves or changes what is kept."""


class Injected(Exception):
    """An error that a test raises at a fail point."""


def arm(fail_point: str) -> None:
    """Choose what the variable would: `name`, `name:visit` or `name:visit:kind`; an empty text disarms all."""
    global _armed, _left, _kind
    _armed, _, rest = fail_point.partition(":")
    visit, _, kind = rest.partition(":")
    _left, _kind = int(visit or 1), kind or "kill"


_armed, _left, _kind = "", 1, "kill"
arm(os.environ.get("METERD_FAIL_POINT", ""))


def reach(name: str) -> None:
    """Die here, or raise `Injected`, when that is what the fail point is armed for."""
    global _left
    if name == _armed:
        _left -= 1
        if _left == 0 or (_left < 0 and _kind == "fail"):
            if _kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise Injected(name)
