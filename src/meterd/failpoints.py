"""Named places where a test lets the process die, as `kill -9` would, or an error come up, at the worst moment.

`METERD_FAIL_POINT=name` kills at the first visit of `name`, `name:3` at the third; `name:3:raise` raises `Injected`
there instead, once. Without the variable a visit is one comparison.
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


class Injected(Exception):
    """Is raised at a fail point, by a test only."""


def arm(fail_point: str) -> None:
    """Choose what the variable would: `name`, `name:visit` or `name:visit:raise`; an empty text disarms all."""
    global _armed, _left, _raises
    _armed, _, rest = fail_point.partition(":")
    visit, _, kind = rest.partition(":")
    _left = int(visit or 1)
    _raises = kind == "raise"


_armed, _left, _raises = "", 1, False
arm(os.environ.get("METERD_FAIL_POINT", ""))


def reach(name: str) -> None:
    """Die here, or raise `Injected`, when that is what the fail point is armed for."""
    global _left
    if name == _armed:
        _left -= 1
        if _left == 0:
            if _raises:
                raise Injected(name)
            os.kill(os.getpid(), signal.SIGKILL)
