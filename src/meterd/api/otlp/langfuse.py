"""What Langfuse's own SDK writes of a call of a model, as attributes of the GenAI conventions."""

from collections.abc import Mapping
from typing import Any

import msgspec

from meterd.api.otlp.attributes import present
from meterd.api.otlp.spans import Span
from meterd.ingest import spellings

TYPE = "langfuse.observation.type"
_PREFIX = "langfuse.observation."
_details = msgspec.json.Decoder(dict[str, Any])  # numbers by name, whatever the names are
_MAX_DETAILS = 4096
"""Characters of counts or costs that are read."""
_INPUT = ("input", "prompt_tokens", "promptTokens")
_BESIDE = ("input_cache_read", "input_cached_tokens", "input_cache_creation")
"""Counts that Langfuse takes out of `input`."""
_APART = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""Counts that Anthropic has beside `input_tokens`."""


def translated(span: Span) -> Span:
    """Return the span with what it says in Langfuse's words said in those of the conventions, too."""
    found = span.attributes
    usage = _read(found.get(f"{_PREFIX}usage_details"))
    costs = _read(found.get(f"{_PREFIX}cost_details"))
    said = {
        "gen_ai.usage.input_tokens": _input(usage),
        "gen_ai.usage.output_tokens": _first(usage, "output", "output_tokens", "completion_tokens", "completionTokens"),
        "gen_ai.usage.cache_read.input_tokens": _cached(usage, *_BESIDE[:2], _APART[0]),
        "gen_ai.usage.cache_write.input_tokens": _first(usage, _BESIDE[2], _APART[1]),
        "gen_ai.usage.cost": _first(costs, "total"),
        "gen_ai.response.time_to_first_chunk": _until_first(span),
        "error.type": "error" if found.get(f"{_PREFIX}level") == "ERROR" else None,
    }
    known = {name: value for name, value in said.items() if value is not None}
    attributes = known | found
    return msgspec.structs.replace(span, attributes=attributes, there=present(attributes))


def _read(value: object) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    try:
        return _details.decode(value) if isinstance(value, str) and len(value) <= _MAX_DETAILS else {}
    except (msgspec.DecodeError, RecursionError):
        return {}


def _first(details: Mapping[str, Any], *names: str) -> float | None:
    return next((found for name in names if (found := spellings.number(details.get(name))) is not None), None)


def _input(usage: Mapping[str, Any]) -> float | None:
    """Return all tokens sent, cached ones included, however they are taken apart."""
    if (whole := _first(usage, *_INPUT)) is not None:
        return whole + _sum(usage, _BESIDE)
    if (rest := _first(usage, "input_tokens")) is not None:
        return rest + _sum(usage, _APART)
    return None


def _sum(usage: Mapping[str, Any], names: tuple[str, ...]) -> float:
    return sum(spellings.number(usage.get(name)) or 0 for name in names)


def _cached(usage: Mapping[str, Any], *names: str) -> float | None:
    details = usage.get("prompt_tokens_details")
    of_openai = _first(details, "cached_tokens") if isinstance(details, dict) else None
    return _first(usage, *names) if of_openai is None else of_openai


def _until_first(span: Span) -> float | None:
    """Return the seconds until the first token, which Langfuse writes as a moment, in JSON."""
    text = span.text(f"{_PREFIX}completion_start_time")
    moment = spellings.seconds(text.strip('"')) if text else None
    return None if moment is None else max(moment - span.start / 1e9, 0.0)
