"""Which machine this is, as DataCat's daemon says it (`docs/specifications/sessions.md` section 3.2)."""

import hashlib
import socket
from pathlib import Path

_NONE = "00:00:00:00:00:00"


def machine_id() -> str:
    """Return 32 hexadecimal digits: MD5 of the first network interface's address, else of the system's own id."""
    return hashlib.md5(_source().encode(), usedforsecurity=False).hexdigest()


def hostname() -> str:
    """Return the name of this machine."""
    return socket.gethostname()


def _source() -> str:
    found: list[tuple[int, str]] = []
    for interface in Path("/sys/class/net").glob("*"):
        try:
            address = (interface / "address").read_text(encoding="ascii").strip()
            index = int((interface / "ifindex").read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
        if interface.name != "lo" and address not in ("", _NONE):
            found.append((index, address))
    if found:
        return min(found)[1]
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        return hostname()
