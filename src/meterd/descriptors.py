"""File descriptors: how many the process may have, and whether some are left.

What runs out of them fails in ways that can't be mended: DuckDB ends the process when it opens a database with none
left. So connections leave a reserve, and whoever must open files looks first.
"""

import os
import resource
from pathlib import Path

_OPEN = Path("/proc/self/fd")
_MAX_DESCRIPTORS = 2**16
"""As many as are of use: a hard limit may be without end."""
_RESERVE = 64
"""For files that are opened while the service runs: the databases' own, and connections to other services."""


def raise_limit() -> None:
    """Let the process have as many as the system lets it ask for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def room() -> int:
    """Return how many connections there may be beside what is open now and the reserve; may be negative."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = _MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    return limit - len(list(_OPEN.iterdir())) - _RESERVE


def are_free(count: int) -> bool:
    """Return whether that many can be had now."""
    opened: list[int] = []
    try:
        opened.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(count))
    except OSError:
        return False
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return True
