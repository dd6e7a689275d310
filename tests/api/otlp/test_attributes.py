"""Which names a span has, of those under which libraries send the same thing."""

import pytest

from meterd.api.otlp import attributes
from meterd.api.otlp.attributes import INPUT_TOKENS, present


def test_names_are_found_in_the_order_in_which_they_are_read() -> None:
    there = present(["llm.usage.prompt_tokens", "unknown", "gen_ai.usage.input_tokens"])

    assert there.counts == (("input_tokens", ("gen_ai.usage.input_tokens", "llm.usage.prompt_tokens")),)
    assert there.texts == ()
    assert there.user == ()
    assert present(INPUT_TOKENS).counts == (("input_tokens", INPUT_TOKENS),)


def test_few_sets_of_names_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "_shapes", {})
    monkeypatch.setattr(attributes, "_MAX_SHAPES", 2)
    for name in ("a", "b", "c", "a" * 5000):
        assert present([name, "user.id"]).user == ("user.id",)

    assert list(attributes._shapes) == [("c", "user.id")]
