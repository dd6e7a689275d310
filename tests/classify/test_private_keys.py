"""A private key is found whole, however a text holds it: what is left out of a finding is not masked."""

import json

import pytest

from meterd.classify.engine import Engine, Match, codes
from meterd.classify.system import system_library
from tests.classify.key_texts import CUT_OFF, PUTTY, WRITTEN, Written, armoured, drawn, secret_lines

ENGINE = Engine(system_library())
LABELS = [
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "ANY PRIVATE KEY",
    "TSS2 PRIVATE KEY",
]
ENCRYPTED = ("Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-256-CBC,0123456789ABCDEF0123456789ABCDEF", "")


def found(text: str, code: str = "private_key") -> list[Match]:
    return ENGINE.classify(text, codes([(code, 1)]))


def uncovered(text: str, lines: list[str], code: str = "private_key") -> list[str]:
    """Lines of which something is in no finding."""
    spans = [(match.start, match.end) for match in found(text, code)]
    places = [(text.index(line), line) for line in lines]
    return [
        line for start, line in places if not any(first <= start and start + len(line) <= last for first, last in spans)
    ]


@pytest.mark.parametrize("headers", [(), ENCRYPTED], ids=["plain", "encrypted"])
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_key_is_found_whole_however_it_is_written(written: Written, headers: tuple[str, ...]) -> None:
    lines = armoured("PRIVATE KEY", 1_624, *headers)
    text = f"Here it is: {written(lines)}\nThank you."

    assert uncovered(text, secret_lines(lines)) == []
    assert len(found(text)) == 1
    assert "Thank you" not in found(text)[0].text


@pytest.mark.parametrize("label", LABELS)
def test_keys_of_every_kind_are_found_whole(label: str) -> None:
    lines = armoured(label)

    assert uncovered("\\n".join(lines), secret_lines(lines)) == []


@pytest.mark.parametrize("kept", [3, 10, 25])
@pytest.mark.parametrize("written", CUT_OFF.values(), ids=CUT_OFF)
def test_a_key_that_is_cut_off_is_found_as_far_as_it_goes(written: Written, kept: int) -> None:
    lines = armoured("PRIVATE KEY")[:kept]
    text = f"{written(lines)}\n\n... (output truncated) and please have a look at the rest of it"

    assert uncovered(text, secret_lines(lines)) == []
    assert "please" not in found(text)[0].text


@pytest.mark.parametrize("left", [1, 7, 19, 20, 63])
def test_a_key_that_is_cut_off_within_a_line_is_found_to_its_last_character(left: int) -> None:
    lines = armoured("PRIVATE KEY")[:5]
    for written in ("\n".join, "\\n".join):
        text = written([*lines[:-1], lines[-1][:left]])
        assert found(text)[0].end == len(text)


def test_what_is_between_two_keys_is_not_part_of_them() -> None:
    first, second = armoured("EC PRIVATE KEY", 164, seed=1), armoured("EC PRIVATE KEY", 164, seed=2)
    text = "\n".join([*first, "and this sentence is public, really", *second])

    assert [match.text for match in found(text)] == ["\n".join(first), "\n".join(second)]


@pytest.mark.parametrize(
    "text",
    [
        "A file that begins with -----BEGIN PRIVATE KEY----- holds a key, and nobody should send it by mail.",
        "grep -r -e '-----BEGIN PRIVATE KEY-----' src/ || echo fine",
        'if text.startswith("-----BEGIN PRIVATE KEY-----"):\n    raise ValueError("a private key is no certificate")',
    ],
)
def test_of_a_header_without_a_key_only_the_header_is_found(text: str) -> None:
    assert [match.text for match in found(text)] == ["-----BEGIN PRIVATE KEY-----"]


def test_a_header_that_is_only_named_does_not_take_what_is_before_the_next_key() -> None:
    lines = armoured("PRIVATE KEY")
    text = "It begins with -----BEGIN PRIVATE KEY----- as a rule. Here is one:\n" + "\n".join(lines)

    assert [match.text for match in found(text)] == ["-----BEGIN PRIVATE KEY-----", "\n".join(lines)]


def test_certificates_and_public_keys_are_no_secrets() -> None:
    assert found("\n".join([*armoured("CERTIFICATE"), *armoured("PUBLIC KEY"), *armoured("RSA PUBLIC KEY")])) == []


def test_the_key_among_certificates_is_found_alone() -> None:
    key = armoured("PRIVATE KEY", seed=2)
    text = "\n".join([*armoured("CERTIFICATE"), *key, *armoured("CERTIFICATE", seed=3)])

    assert [match.text for match in found(text)] == ["\n".join(key)]


@pytest.mark.parametrize("place", [0, 60_000, 64_000, 65_400, 65_536])
def test_a_long_key_in_a_long_text_is_found_whole(place: int) -> None:
    key = "\\n".join(armoured("RSA PRIVATE KEY", 12_000))
    text = "words " * (place // 6) + key + " words" * 30_000

    assert [match.text for match in found(text)] == [key]


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_key_of_pgp_is_found_whole(written: Written) -> None:
    lines = armoured("PGP PRIVATE KEY BLOCK", 2_000, "Version: GnuPG v2", "Comment: https://gnupg.org (a key)", "")
    text = f"Here: {written([*lines[:-1], '=aB3d', lines[-1]])}"

    assert uncovered(text, secret_lines(lines), "pgp_private_key") == []


PUTTY_WRITTEN = {name: written for name, written in WRITTEN.items() if name not in ("logged", "nothing between")}


@pytest.mark.parametrize("kept", [len(PUTTY), len(PUTTY) - 1, len(PUTTY) - 5])
@pytest.mark.parametrize("written", PUTTY_WRITTEN.values(), ids=PUTTY_WRITTEN)
def test_a_key_file_of_putty_is_found_whole(written: Written, kept: int) -> None:
    lines = PUTTY[:kept]
    secret = [line for line in lines[12:] if ":" not in line]

    assert secret
    assert uncovered(written(lines), secret, "putty_private_key") == []
    if kept == len(PUTTY):
        assert "Private-MAC: 0a0a" in found(written(lines), "putty_private_key")[0].text


JWK = {"kty": "RSA", "n": drawn(683, 1), "e": "AQAB"} | {
    name: drawn(length, number).replace("+", "-").replace("/", "_")
    for number, (name, length) in enumerate({"d": 683, "p": 342, "q": 342, "dp": 342, "dq": 342, "qi": 342}.items(), 2)
}
SYMMETRIC = {"k": drawn(43, 9).replace("+", "-").replace("/", "_"), "kty": "oct", "alg": "HS256"}


@pytest.mark.parametrize("key", [JWK, SYMMETRIC])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_every_private_part_of_a_json_web_key_is_found(key: dict[str, str], indent: int | None, times: int) -> None:
    text = json.dumps(key, indent=indent)
    for _ in range(times - 1):
        text = json.dumps({"body": text})
    secrets = [value for name, value in key.items() if name in ("d", "p", "q", "dp", "dq", "qi", "k")]

    assert {match.text for match in found(text, "json_web_key")} == set(secrets)


def test_public_json_web_keys_and_other_members_are_no_secrets() -> None:
    public = {"kty": "RSA", "n": drawn(342), "e": "AQAB", "kid": drawn(43)}

    assert found(json.dumps(public), "json_web_key") == []
    assert found(json.dumps({"d": drawn(50), "p": drawn(50)}), "json_web_key") == []
