"""Which user of this machine is at the other end of a connection. TCP does not tell, but Linux lists its sockets."""

import os
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

Address = tuple[str, int]

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_MAPPED = "0000000000000000FFFF0000"
"""How an IPv4 address begins that is written as one of IPv6; each four bytes are in the machine's order."""


def user_of(peer: Address, own: Address) -> int | None:
    """Return the id of the user whose program connected from `peer` to `own`; None when it is gone already.

    Where the system does not tell, everybody counts as the agent's own user.
    """
    tables = [table for table in _TABLES if table.exists()]
    if not tables:
        return os.getuid()
    for table in tables:
        with table.open(encoding="ascii") as lines:
            user = owner(lines, peer, own)
        if user is not None:
            return user
    return None


def owner(lines: Iterable[str], local: Address, remote: Address) -> int | None:
    """Find whose a socket is, in a table as Linux writes it; one that its program has closed is the system's there."""
    wanted = [(f"{prefix}{_hexadecimal(local)}", f"{prefix}{_hexadecimal(remote)}") for prefix in ("", _MAPPED)]
    for line in lines:
        _, here, there, _, _, _, _, user, _, inode, *_ = line.split() + [""] * 10
        if (here, there) in wanted and inode != "0":
            return int(user)
    return None


def _hexadecimal(address: Address) -> str:
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
