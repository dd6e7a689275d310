"""Where tests keep their files: in memory, where there is much of it.

Thousands of servers sync what they acknowledge, and a disk that others use makes each wait. A process that is killed
loses nothing of files in memory either; what a loss of power leaves is tried on a disk of its own
(`tests/crash/test_power_loss.py`).
"""

import os
import shutil
import tempfile
from pathlib import Path

from meterd import memory

_MEMORY = Path("/dev/shm")
_NEEDED = 8 * 2**30
"""Bytes that must be free there, of twice as much memory."""


def keep_in_memory() -> None:
    """Let this process and those that it starts have their temporary files in memory, unless `TMPDIR` says where."""
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and _room() >= _NEEDED:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def _room() -> int:
    return min(memory.available() // 2, shutil.disk_usage(_MEMORY).free)
