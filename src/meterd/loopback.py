"""Requests from this machine: the one rule for everything that is open there without a token.

A browser on this machine asks for pages of others, too: a page may make it find this address under a name of its own
(DNS rebinding), and a proxy on this machine speaks for others. Neither counts as coming from here.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_PROXIES = frozenset(
    {
        b"cf-connecting-ip",
        b"forwarded",
        b"true-client-ip",
        b"via",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-original-forwarded-for",
        b"x-real-ip",
    }
)
_FORWARDED = b"x-forwarded-"
"""How the other names of headers begin by which a proxy says for whom it speaks."""


def is_local(scope: Mapping[str, Any]) -> bool:  # values of an ASGI scope have many types
    """Return whether a request (an ASGI scope) was made by a program of this machine, or by a page that it serves.

    It comes from a loopback address, names this machine in each `Host` and `Origin`, and no proxy passed it on.
    """
    client = scope.get("client")
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if not is_loopback(client[0] if client else None):
        return False
    if any(name in _PROXIES or name.startswith(_FORWARDED) for name, _ in headers):
        return False
    hosts = [value for name, value in headers if name == b"host"]
    origins = [value.partition(b"//")[2] for name, value in headers if name == b"origin"]
    return bool(hosts) and all(_is_own_name(value.decode("latin-1")) for value in (*hosts, *origins))


def is_loopback(host: str | None) -> bool:
    """Return whether an address is this machine's own, in IPv4, IPv6 or one written as the other."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _is_own_name(host: str) -> bool:
    """Return whether a name, with a port or without, is this machine's."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or is_loopback(name)
