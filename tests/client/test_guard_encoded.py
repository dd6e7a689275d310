"""What is written in escapes is redacted in a stream as in the whole text, wherever its chunks are cut."""

import json
import random

import pytest

from meterd.classify.engine import Engine, codes
from meterd.classify.system import system_library
from meterd.client import Policy
from meterd.client.guard.redaction import redaction
from meterd.client.guard.streams import GuardedStream
from meterd.client.guard.window import Window
from meterd.client.guard.wire import Counted, Match
from tests.classify.key_texts import armoured

_ENGINE = Engine(system_library())
_CHOSEN = codes(
    [(code, 1) for code in ("phonenumber", "us_ssn", "email_address", "password_assignment", "private_key")]
)
_PROSE = "The order left the warehouse on Tuesday and will be there before the end of the week. " * 4
_KEYS = [armoured("EC PRIVATE KEY", 164, seed=seed) for seed in (1, 2)]
TEXTS = {
    "json": json.dumps(
        {"note": f"{_PROSE}\n321-507-0525\n{_PROSE}", "body": json.dumps({"password": "LIkaQwK744sG54"})}
    ),
    "percent": f"{_PROSE} https://x.example/?q=ann.lee%40example.com%20321%2D507%2D0525&r=1 {_PROSE}",
    "colours": f"{_PROSE}\x1b[1mphone\x1b[0m: \x1b[32m321-507-0525\x1b[0m {_PROSE}",
    "blanks": f"{_PROSE} SSN 536\u00a090\u00a04399, 321\u2011507\u20110525 \u200bann.lee@example.com\u200b. {_PROSE}",
    "keys": "\\n".join([_PROSE, *_KEYS[0], "and this sentence is public, really", *_KEYS[1], _PROSE]),
}


def classify(text: str, _counted: Counted | None = None) -> list[Match]:
    return [
        Match(one.start, one.end, one.confidence, one.text, one.classifier) for one in _ENGINE.classify(text, _CHOSEN)
    ]


@pytest.mark.parametrize("size", [1, 7, 60])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_stream_lets_out_what_redaction_of_the_whole_does(text: str, size: int) -> None:
    chance, chunks, start = random.Random(size), [], 0
    while start < len(text):
        end = start + chance.randint(1, 2 * size)
        chunks.append(text[start:end])
        start = end
    matches = classify(text)

    assert redaction(text, matches, Policy()).text == "".join(
        GuardedStream(chunks, Window(Policy(), 256), classify, lambda _: None)
    )
    assert len(matches) >= 1


def test_what_is_between_two_escaped_keys_is_let_out() -> None:
    assert "and this sentence is public, really" in redaction(TEXTS["keys"], classify(TEXTS["keys"]), Policy()).text
