"""Lines that tell which two facts are of one call, and so become one (`docs/decisions/0031-nested-spans.md`)."""

from collections.abc import Sequence

import msgspec

from meterd.store.base import Unreadable


class Pair(msgspec.Struct, frozen=True, rename="camel"):
    """A line: the span that becomes a part of another one, and when both began in microseconds since 1970."""

    trace: str
    inner: str
    inner_at: int
    outer: str
    outer_at: int


class ResolvedPair(msgspec.Struct, frozen=True):
    """A pair whose outer fact is the outermost. Of two inner facts the one of the lower rank is nearer."""

    trace: str
    inner_span: str
    inner_at: int
    outer_span: str
    outer_at: int
    rank: int


_pairs = msgspec.json.Decoder(list[Pair])


def pairs_of(text: str) -> list[Pair]:
    """Read lines. Raises `Unreadable`."""
    try:
        return _pairs.decode(f"[{','.join(text.splitlines())}]")
    except msgspec.DecodeError as error:
        raise Unreadable(f"what becomes one fact can't be read: {error}") from None


def resolved(pairs: Sequence[Pair]) -> list[ResolvedPair]:
    """Return the pairs with the outermost facts as the outer ones, and the nearest inner facts of each first."""
    around = {(pair.trace, pair.inner): pair for pair in pairs}
    found: list[ResolvedPair] = []
    for number, pair in enumerate(pairs):
        outer, depth = pair, 0
        while (further := around.get((pair.trace, outer.outer))) is not None and depth < len(pairs):
            outer, depth = further, depth + 1
        rank = depth * len(pairs) + number
        found.append(ResolvedPair(pair.trace, pair.inner, pair.inner_at, outer.outer, outer.outer_at, rank))
    return found


def is_readable(line: str) -> int:
    """Return 1 for a line that tells which facts become one, 0 for anything else."""
    try:
        return len(pairs_of(line))
    except Unreadable:
        return 0
