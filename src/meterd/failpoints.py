"""Named places where a crash test lets the process die, as `kill -9` would, at the worst moment.

`METERD_FAIL_POINT=name` kills at the first visit of `name`, `name:3` at the third. Without the variable a visit is one
comparison.
"""

import os
import signal

NAMES = ("after-journal-commit", "before-store-commit", "after-store-commit", "in-checkpoint", "before-trim")

_armed, _, _visits = os.environ.get("METERD_FAIL_POINT", "").partition(":")
_left = int(_visits or 1)


def reach(name: str) -> None:
    """Die here when the environment says so."""
    global _left
    if name == _armed:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
