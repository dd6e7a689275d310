"""For whom a proxy speaks: only those are believed that the settings name."""

import ipaddress
from collections.abc import Iterable, Iterator

from meterd.errors import ConfigurationError

_FORWARDED_FOR = b"x-forwarded-for"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """The proxies of `networks`, such as `10.0.0.0/8` or `192.0.2.7`.

    Raises `ConfigurationError` for what is no network.
    """

    def __init__(self, networks: Iterable[str]) -> None:
        try:
            self._networks = [ipaddress.ip_network(each) for each in networks]
        except ValueError as error:
            raise ConfigurationError(f"access.trusted-proxies: {error}") from None

    def client(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Return the address that a request comes from: that of the connection, or whom trusted proxies name.

        Each proxy adds whom it speaks for at the end of `X-Forwarded-For`. What stands before the first address that is
        not a trusted proxy's may be made up by whoever has that address.
        """
        nearest = peer
        for hop in self._hops(headers):
            if not self._trusts(nearest) or _address(hop) is None:
                break
            nearest = hop
        return nearest

    def _hops(self, headers: Iterable[tuple[bytes, bytes]]) -> Iterator[str]:
        values = [value for name, value in headers if name == _FORWARDED_FOR]
        for value in reversed(values):
            yield from (hop.strip() for hop in reversed(value.decode("latin-1").split(",")))

    def _trusts(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
