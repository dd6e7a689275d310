"""Whether a process lives. A zombie doesn't, nor does another process that was given the same number later."""

import os
from pathlib import Path

import msgspec

_GONE = ("Z", "X", "x")


class Process(msgspec.Struct, frozen=True):
    """A process: its number, and where the system tells it, when it started and since which boot."""

    pid: int
    started: str = ""

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        found = find(self.pid)
        return found is not None and found.started == self.started


def find(pid: int) -> Process | None:
    """Return the process that has this number now; None when it has ended or can't be seen."""
    if pid <= 0:
        return None
    if not Path("/proc/self/stat").exists():
        return _without_proc(pid)
    try:
        # the name in parentheses may hold anything, so fields are counted from its end
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    state, started = fields[0].decode(), fields[19].decode()
    return None if state in _GONE else Process(pid, f"{_boot()}:{started}")


def _without_proc(pid: int) -> Process | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return Process(pid)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
