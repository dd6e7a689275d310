"""What is on disk, and stays there when power is lost."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Make what was written to a file, or to the names in a directory, survive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
