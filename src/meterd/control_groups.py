"""Control groups of Linux: what the process's own and those around it are limited to."""

from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def values(name: str, controller: str = "", former: str = "") -> Iterator[str]:
    """Yield what a file says in each of the groups: `name` in version 2, `former` of a controller in version 1."""
    try:
        lines = _OWN.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from values_above(_GROUPS, path, name)
        elif former and controller in controllers.split(","):
            yield from values_above(_GROUPS / controller, path, former)


def values_above(root: Path, path: str, name: str) -> Iterator[str]:
    """Yield what a file says in a group and those around it. In a container the path may be the host's, its group the
    root.
    """
    group = root / path.strip("/")
    for place in (group, *group.parents):
        if place == root or root in place.parents:
            try:
                yield (place / name).read_text(encoding="utf-8").strip()
            except OSError:
                continue
