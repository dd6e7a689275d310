"""Private keys in streams: whatever the chunks, no part of a key is let out."""

import random

import pytest

from meterd.classify.engine import Engine, codes
from meterd.classify.system import system_library
from meterd.client import Policy
from meterd.client.guard.redaction import redaction
from meterd.client.guard.streams import GuardedStream
from meterd.client.guard.window import Window
from meterd.client.guard.wire import Counted, Match
from tests.classify.key_texts import CUT_OFF, PUTTY, WRITTEN, Written, armoured, secret_lines

_ENGINE = Engine(system_library())
_KEYS = codes([("private_key", 1), ("pgp_private_key", 1), ("putty_private_key", 1)])
_PROSE = "Here is what was found in the file, as far as anybody can say. " * 12


def classify(text: str, _counted: Counted | None = None) -> list[Match]:
    return [
        Match(one.start, one.end, one.confidence, one.text, one.classifier) for one in _ENGINE.classify(text, _KEYS)
    ]


def streamed(text: str, size: int, window: int = 256) -> str:
    """The text after redaction in chunks of about a size."""
    chance, chunks, start = random.Random(size), [], 0
    while start < len(text):
        end = start + chance.randint(1, 2 * size)
        chunks.append(text[start:end])
        start = end
    return "".join(GuardedStream(chunks, Window(Policy(), window), classify, lambda _: None))


@pytest.mark.parametrize("size", [5, 40, 300])
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_stream_lets_out_what_redaction_of_the_whole_does(written: Written, size: int) -> None:
    lines = armoured("RSA PRIVATE KEY", 1_624)
    text = _PROSE + written(lines) + "\n" + _PROSE

    whole = redaction(text, classify(text), Policy()).text
    assert streamed(text, size) == whole
    assert not [line for line in secret_lines(lines) if line in whole]


@pytest.mark.parametrize("written", CUT_OFF.values(), ids=CUT_OFF)
def test_a_stream_that_ends_within_a_key_lets_nothing_of_it_out(written: Written) -> None:
    lines = armoured("PRIVATE KEY")[:9]
    out = streamed(_PROSE + written(lines), 30)

    assert not [line for line in secret_lines(lines) if line in out]


def test_a_header_that_is_only_named_does_not_hold_a_stream_back() -> None:
    window = Window(Policy(), 20)
    text = "It begins with -----BEGIN PRIVATE KEY----- and so on. " + _PROSE
    counted = window.add(text)

    assert counted is not None
    assert len(window.decide(classify(text), counted).text) >= len(text) - 2 * 20


def test_key_files_of_putty_and_pgp_are_held_back_whole() -> None:
    pgp = armoured("PGP PRIVATE KEY BLOCK", 2_000, "Version: GnuPG v2", "")
    for lines in (PUTTY, pgp):
        text = _PROSE + "\\n".join(lines) + _PROSE

        whole = redaction(text, classify(text), Policy()).text
        assert streamed(text, 40) == whole
        assert lines[-3] not in whole
