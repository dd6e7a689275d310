import pytest

from meterd.errors import ConfigurationError
from meterd.web.proxies import Proxies

PROXIES = Proxies(["10.0.0.0/8", "2001:db8::1"])


def client(peer: str, *forwarded: str) -> str:
    named = [(b"x-forwarded-for", each.encode("latin-1")) for each in forwarded]
    return PROXIES.client(peer, [(b"host", b"x"), *named])


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), "192.0.2.1"),  # who is no proxy of ours may say anything
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("1.1.1.1, 198.51.100.7",), "198.51.100.7"),  # what a client sent itself stands first
        ("10.0.0.1", ("1.1.1.1, 198.51.100.7 , 10.9.9.9",), "198.51.100.7"),
        ("10.0.0.1", ("1.1.1.1", "198.51.100.7"), "198.51.100.7"),
        ("10.0.0.1", ("10.1.1.1",), "10.1.1.1"),
        ("10.0.0.1", ("unknown",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.7, é", ""), "10.0.0.1"),
        ("::ffff:10.0.0.1", ("2001:db8::7",), "2001:db8::7"),
        ("2001:db8::1", ("2001:db8::7",), "2001:db8::7"),
        ("2001:db8::2", ("2001:db8::7",), "2001:db8::2"),
        ("", ("198.51.100.7",), ""),
    ],
)
def test_only_proxies_of_the_settings_are_believed(peer: str, forwarded: tuple[str, ...], expected: str) -> None:
    assert client(peer, *forwarded) == expected


def test_without_proxies_the_connection_counts() -> None:
    assert Proxies([]).client("10.0.0.1", [(b"x-forwarded-for", b"198.51.100.7")]) == "10.0.0.1"


@pytest.mark.parametrize("network", ["proxy.example", "10.0.0.1/8", "", "10.0.0.0/33"])
def test_what_is_no_network_is_refused_by_the_name_of_the_setting(network: str) -> None:
    with pytest.raises(ConfigurationError, match=r"access\.trusted-proxies: "):
        Proxies([network])
