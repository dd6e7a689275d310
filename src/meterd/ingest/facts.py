"""Facts on their way to the journal, and its receipts for them."""

import hashlib
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Literal

import msgspec

from meterd.datasets import Dataset
from meterd.ingest.spans import Link, Place

DIGEST_SIZE = 16
"""Bytes that stand for an identity or a request."""

PACKED_BEGINS = b'{"each":'
"""How a line begins that stands for many facts."""

Encoding = Literal["lines", "packed", "merged"]
"""What a line holds: one fact, a batch of similar ones, or which two facts become one (`meterd.ingest.spans`)."""

_encoder = msgspec.json.Encoder()
_parts = msgspec.msgpack.Encoder()


class Facts(msgspec.Struct, frozen=True):
    """Checked facts of one dataset and tenant: lines of JSON, each ending in a line feed, that stand for `count` facts.

    `identities` is empty when no fact has one; otherwise it holds one entry a line, None for a fact without. `places`
    is the like for spans that facts come from, and `links` are of other spans.
    """

    dataset: str
    tenant: str
    lines: bytes
    count: int
    identities: tuple[bytes | None, ...] = ()
    encoding: Encoding = "lines"
    places: tuple[Place | None, ...] = ()
    links: tuple[Link, ...] = ()


class Submission(msgspec.Struct, frozen=True):
    """Facts to be made durable together: all of them or none.

    With `request_key` (the digest of an `Idempotency-Key`) a repeated submission gets the first one's `response` and
    adds nothing.
    """

    facts: tuple[Facts, ...]
    request_key: bytes | None = None
    response: bytes = b""

    @property
    def size(self) -> int:
        return sum([len(facts.lines) for facts in self.facts])

    @property
    def needs_deduplication(self) -> bool:
        """Tell whether a repetition of this, or of a fact in it, must be recognised."""
        if self.request_key is not None:
            return True
        for facts in self.facts:  # noqa: SIM110 - a generator costs several times the loop, once for every request
            if facts.identities or facts.links:
                return True
        return False


class Receipt(msgspec.Struct, frozen=True):
    """Proof that a submission is on disk; `known` of its facts were there before and are not stored again.

    `response` and `known` are the first submission's when this one was a repetition.
    """

    response: bytes
    known: int = 0
    is_repetition: bool = False


class Identities:
    """Digests what tells facts of a `sender` from others, in one dataset."""

    def __init__(self, dataset: Dataset, tenant: str, sender: Sequence[str]) -> None:
        columns = dataset.identity
        self._values = _values_of(columns)
        common = _parts.encode([dataset.name, tenant, *sender, *[""] * len(columns)])
        self._begun = hashlib.blake2b(common[: len(common) - len(columns)], digest_size=DIGEST_SIZE)
        """Has taken the parts that all digests have in common, and that there are some more."""

    def digest(self, row: msgspec.Struct) -> bytes | None:
        """Return `digest` of all parts of the identity; None for a fact without one."""
        values = self._values(row)
        if not values or None in values:
            return None
        begun = self._begun.copy()
        begun.update(_parts.encode(values)[1:])  # without their number
        return begun.digest()

    def digests(self, rows: Sequence[msgspec.Struct]) -> tuple[bytes | None, ...]:
        """Return an entry for each row; none at all when no row has an identity."""
        return some_of([self.digest(row) for row in rows])


def _values_of(columns: Sequence[str]) -> Callable[[msgspec.Struct], tuple[str | None, ...]]:
    """Return what reads columns of a row."""
    if len(columns) > 1:
        return attrgetter(*columns)
    return lambda row: tuple([getattr(row, column) for column in columns])


def some_of(digests: Sequence[bytes | None]) -> tuple[bytes | None, ...]:
    """Return the entries for facts, unless none of these has an identity."""
    return tuple(digests) if any(digests) else ()


def encode(
    dataset: Dataset,
    tenant: str,
    rows: Sequence[msgspec.Struct],
    sender: Sequence[str] = (),
) -> Facts:
    """Encode rows that were admitted. Facts of another `sender` have other identities."""
    identities = Identities(dataset, tenant, sender).digests(rows) if dataset.identity else ()
    return Facts(dataset.name, tenant, _encoder.encode_lines(rows), len(rows), identities)


def pack(dataset: Dataset, tenant: str, batch: Sequence[tuple[msgspec.Struct, Sequence[Sequence[object]]]]) -> Facts:
    """Encode batches of similar facts: what they share, and values of the columns `dataset.packed`.

    Times among the values are in microseconds since 1970. A batch costs the store little more than a fact.
    """
    lines = [
        PACKED_BEGINS
        + _encoder.encode(dict(zip(dataset.packed, values, strict=True)))
        + b',"shared":'
        + _encoder.encode(shared)
        + b"}\n"
        for shared, values in batch
    ]
    count = sum(len(values[0]) for _, values in batch)
    return Facts(dataset.name, tenant, b"".join(lines), count, encoding="packed")


def digest(*parts: str) -> bytes:
    """Make 16 bytes that stand for the parts, which can't run into each other."""
    return hashlib.blake2b(_parts.encode(parts), digest_size=DIGEST_SIZE).digest()
