"""How many processors this process may use."""

import os

from meterd import control_groups


def available() -> float:
    """Return how many processors the process and its children may keep busy together: a part of one, too."""
    quotas = [text.split() for text in control_groups.values("cpu.max")]
    limits = [int(quota) / int(period) for quota, period in quotas if quota != "max"]
    return min([len(os.sched_getaffinity(0)), *limits])
