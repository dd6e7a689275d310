import pytest

from meterd.classify.validators import UnknownValidator, validator


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("luhn", "4111111111111111", "4111111111111112"),
        ("luhn", "4111 1111-1111 1111", "4111  1111 1111 1111"),
        ("verhoeff", "2363", "2364"),
        ("stdnum:us.ssn", "536-90-4399", "000-90-4399"),
        ("stdnum:iban", "GR16 0110 1050 0000 1054 7023 795", "GR16 0110 1050 0000 1054 7023 796"),
        ("phone:US", "321-507-0525", "999-507-0525"),
        ("phone:ZZ", "+44 20 7031 3000", "020 7031 3000"),
        ("PHONE_NUMBER", "321-507-0525", "999-507-0525"),
        ("PHONE_NUMBER", "+44 20 7031 3000", "020 7031 3000"),
        ("Stdnum:us.ssn", "536-90-4399", "000-90-4399"),
        ("entropy:3", "q8Zr1Lm0Xc", "aaaaaaaabb"),
        ("date:%d.%m.%Y", "29.02.2024", "29.02.2023"),
        ("ipv4", "10.0.0.255", "10.0.0.256"),
        ("ipv6", "fe80::1", "fe80:::1"),
        ("uuid", "7dbf380f-0af8-4276-acb0-85413db2dbff", "7dbf380f"),
        ("basic_credentials", "amFuZTpzM2NyZXQtcGFzcw==", "Y3JlZGVudGlhbHM="),
        ("jwt", "eyJhbGciOiJub25lIn0.e30.", "e30.e30."),
        ("base58check", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3"),
        ("bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"),
        ("ripple", "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh", "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLi"),
        (
            "stellar",
            "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
            "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGY",
        ),
        ("tld", "example.museum", "example.c0m"),
    ],
)
def test_a_validator_tells_good_from_bad(name: str, good: str, bad: str) -> None:
    assert validator(name)(good)
    assert not validator(name)(bad)
    assert not validator(name)("٣é😀\x00")


@pytest.mark.parametrize(
    "name", ["nope", "stdnum:nope", "stdnum:util", "stdnum:..os", "phone:XX", "entropy:much", "luhn:1", ""]
)
def test_an_unknown_validator_is_named(name: str) -> None:
    with pytest.raises(UnknownValidator, match="there is no validator"):
        validator(name)
