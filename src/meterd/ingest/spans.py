"""Spans that facts come from, and which of them are of one call (`docs/decisions/0031-nested-spans.md`).

What must be the same of two spans is kept as short digests, because the journal remembers it of every span.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import msgspec

from meterd.datasets import GATEWAY_REQUESTS, GUARDRAIL_EVALUATIONS, MCP_CALLS, MODEL_CALLS

AGENT, A2A, GUARDRAIL = b"a\0\0\0", b"2\0\0\0", b"g\0\0\0"
NO_NAME = bytes(8)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
PLACE_SIZE = 24
"""Bytes of when a fact began, and of its label."""
_DATASETS = {
    b"m": MODEL_CALLS.name,
    b"c": MCP_CALLS.name,
    b"a": GATEWAY_REQUESTS.name,
    b"2": GATEWAY_REQUESTS.name,
    b"g": GUARDRAIL_EVALUATIONS.name,
}


class Label(NamedTuple):
    """What two spans of one call have in common: the operation (4 bytes), and the name of what was asked (8), if known.

    The scope (4 bytes) tells libraries apart.
    """

    operation: bytes
    name: bytes
    scope: bytes

    @property
    def dataset(self) -> str:
        return _DATASETS[self.operation[:1]]


@lru_cache(maxsize=512)
def label(kind: bytes, operation: str, name: str | None, scope: str) -> Label:
    """Make the label of a span; `kind` is the first byte of its operation."""
    of_operation = kind + (_digest(operation, 3) if operation else bytes(3))
    return Label(of_operation, NO_NAME if name is None else _digest(name, 8), _digest(scope, 4))


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


def is_same(outer: Label, inner: Label) -> bool:
    """Tell whether two spans, one within the other, are of one call."""
    if outer.operation == AGENT and inner.operation == A2A:
        return True  # the message by which the agent is asked
    is_named = inner.name != NO_NAME
    if outer.operation == A2A and inner.operation == AGENT:
        return outer.name == inner.name and is_named
    if outer.operation != inner.operation:
        return False
    if outer.operation == AGENT:  # unnamed ones may be parts of one another
        return outer.name == inner.name if is_named else outer.scope != inner.scope and outer.name != NO_NAME
    if outer.operation == GUARDRAIL:
        return outer.name == inner.name
    return outer.name == inner.name or outer.name == NO_NAME or not is_named


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A fact's span in its trace: keys of the span and of the one around it, unless that one is known to be none.

    `at` is when the fact began, in microseconds since 1970.
    """

    key: bytes
    at: int
    label: Label
    trace: str
    parent: bytes | None = None

    @property
    def packed(self) -> bytes:
        return self.at.to_bytes(8, "big", signed=True) + b"".join(self.label)


class Link(msgspec.Struct, frozen=True, gc=False):
    """A span that is no fact, or a part of another fact in the same export, and the span that stands around it.

    It is remembered if `is_kept`. `place` is that of the fact that became a part.
    """

    key: bytes
    around: bytes
    trace: str
    is_kept: bool
    place: Place | None = None


class Merged(msgspec.Struct, frozen=True, rename="camel"):
    """Two facts of one call: spans, and when they began in microseconds since 1970. A line of the journal."""

    trace: str
    inner: str
    inner_at: int
    outer: str
    outer_at: int


def microseconds(time: datetime) -> int:
    """Return the microseconds since 1970, as the store has them."""
    return (time - _EPOCH) // _MICROSECOND


def unpacked(key: bytes, packed: bytes) -> Place:
    """Return the place that was packed."""
    at = int.from_bytes(packed[:8], "big", signed=True)
    return Place(key, at, Label(packed[8:12], packed[12:20], packed[20:24]), "")


def span_of(key: bytes) -> str:
    """Return the id of the span that a key is of."""
    return key[8:].hex()
