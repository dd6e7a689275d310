"""How much memory this process may have, and what of it the store gets unless the settings say otherwise."""

import ctypes
import os
import re
import resource

from meterd import control_groups

_MEGABYTE = 2**20
_OUTSIDE_STORE = 512 * _MEGABYTE
"""What the rest of the process takes: code, threads, requests under way."""

_MIN_STORE, _MAX_STORE = 64 * _MEGABYTE, 2000 * _MEGABYTE
_MAX_QUERY = 1000 * _MEGABYTE
_ARENA_MAX = -8
"""`M_ARENA_MAX` of `mallopt`."""


def for_store() -> str:
    """Return the default of `store.memory`: 2 GB, or half of what a smaller limit leaves beside the rest."""
    return _size(_share(_MAX_STORE), _MAX_STORE, "2GB")


def for_query() -> str:
    """Return the default of `query.memory`: 1 GB, or half of a smaller store."""
    return _size(min(_MAX_QUERY, _share(_MAX_STORE) // 2), _MAX_QUERY, "1GB")


def in_bytes(size: str) -> int:
    """Return how many bytes a size of the settings is, as DuckDB reads it: `GB` is a power of 1000, `GiB` of 1024."""
    number, unit = re.fullmatch(r"([0-9.]+) ?([KMGT]i?)B", size).groups()  # type: ignore[union-attr]  # was checked
    return int(float(number) * (1024 if unit.endswith("i") else 1000) ** ("KMGT".index(unit[0]) + 1))


def spare_address_space() -> None:
    """Let threads share what they allocate from where address space is limited: each would reserve 128 MB of it."""
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)


def available() -> int:
    """Return the bytes that the process may have: the least of the machine's, its control groups' and its own limit."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    groups = control_groups.values("memory.max", "memory", "memory.limit_in_bytes")
    limits = [machine, *[int(limit) for limit in groups if limit.isdecimal()]]
    return min(limits if own == resource.RLIM_INFINITY else [*limits, own])


def _share(maximum: int) -> int:
    return max(_MIN_STORE, min(maximum, (available() - _OUTSIDE_STORE) // 2))


def _size(share: int, maximum: int, name: str) -> str:
    return name if share >= maximum else f"{share // _MEGABYTE}MiB"
