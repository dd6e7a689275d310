"""How many processors this process may use."""

import os
import re

from meterd import control_groups

_PER_PERIOD = re.compile("([0-9]+) ([1-9][0-9]*)")
"""Microseconds of computing in so many of time; without a quota the first is `max`."""


def available() -> float:
    """Return how many processors the process and its children may keep busy together: a part of one, too."""
    found = [_PER_PERIOD.fullmatch(text) for text in control_groups.values("cpu.max")]
    limits = [int(match[1]) / int(match[2]) for match in found if match]
    return min([len(os.sched_getaffinity(0)), *limits])
