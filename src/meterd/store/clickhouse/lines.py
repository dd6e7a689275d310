"""Rows for ClickHouse of the journal's lines: each gets its tenant, and the place that it has in the journal.

The engine parses them (`docs/decisions/0003-json-lines.md`); Python only puts a beginning before each.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any

import msgspec

from meterd.datasets import Column, Dataset, Kind
from meterd.store.base import Lines, Unreadable
from meterd.store.clickhouse.schema import PLACE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENTRY_BYTES = 12
"""Of the 16 bytes of a place, those that stand for the entry; the others count facts."""
_TYPES: dict[Kind, Any] = {
    Kind.NUMBER: float,
    Kind.INTEGER: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    Kind.UNSIGNED: Annotated[int, msgspec.Meta(ge=0)],
    Kind.BOOLEAN: bool,
    Kind.TIME: datetime,
    Kind.TEXTS: list[str],
    Kind.NUMBERS: list[float | None],
    Kind.TEXT_MAP: dict[str, str],
}
_encode = msgspec.json.Encoder().encode


class _Packed(msgspec.Struct, frozen=True):
    each: dict[str, list[Any]]
    shared: msgspec.Raw


_packed = msgspec.json.Decoder(_Packed)


def rows_of(lines: Lines, journal: str) -> list[str]:
    """Return a row for each fact. Raises `Unreadable` when there are not as many as there should be.

    The same lines of the same journal make the same rows.
    """
    texts = lines.text.split("\n") if lines.text else []
    rows = _unpacked(lines, texts, journal) if lines.packed else _placed(lines, texts, journal)
    if len(rows) != lines.count:
        raise Unreadable(f"{len(rows)} of {lines.count} facts of {lines.dataset.name} can be read")
    return rows


def _placed(lines: Lines, texts: Sequence[str], journal: str) -> list[str]:
    rows: list[str] = []
    begin = 0
    for beginning, count in _beginnings(lines, journal, len(texts)):
        rows += [f'{beginning}{number:08x}",{line[1:]}' for number, line in enumerate(texts[begin : begin + count])]
        begin += count
    return rows


def _unpacked(lines: Lines, texts: Sequence[str], journal: str) -> list[str]:
    facts = [fact for line in texts for fact in _facts(lines.dataset, line)]
    return _placed(lines, facts, journal)


def _facts(dataset: Dataset, line: str) -> Iterator[str]:
    """Yield a line for each fact of a packed one."""
    try:
        packed = _packed.decode(line)
        names = [dataset.by_name[name] for name in packed.each]
        values = list(zip(*packed.each.values(), strict=True))
    except (msgspec.DecodeError, KeyError, ValueError):
        raise Unreadable(f"a batch of {dataset.name} can't be read") from None
    shared = bytes(packed.shared).decode()
    rest = "}" if shared.replace(" ", "") == "{}" else f",{shared[1:]}"
    for fact in values:
        members = {
            column.member: _time(value) if column.kind is Kind.TIME else value
            for column, value in zip(names, fact, strict=True)
        }
        yield _encode(members).decode()[:-1] + rest


def _time(microseconds: object) -> datetime:
    if not isinstance(microseconds, int):
        raise Unreadable("a fact has no time")
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise Unreadable("a time is out of range") from None


def _beginnings(lines: Lines, journal: str, count: int) -> Iterator[tuple[str, int]]:
    """Yield how rows begin, and of how many: those of one entry differ in the number that comes after."""
    tenant = _encode(lines.tenant).decode()
    for scope, facts in lines.origins or ((hashlib.sha256(lines.text.encode()).hexdigest(), count),):
        named = f"{journal} {scope} {'packed' if lines.packed else 'lines'}".encode()
        digest = hashlib.blake2b(named, digest_size=_ENTRY_BYTES).hexdigest()
        yield f'{{"tenant":{tenant},"{PLACE}":"{digest}', facts


def readable(lines: Lines) -> list[int]:
    """Tell how many facts each line holds, 0 for one that can't be read."""
    texts = lines.text.split("\n")
    if lines.packed:
        return [_count_packed(lines.dataset, line) for line in texts]
    decoder = _decoder(lines.dataset)
    return [_count(decoder, line) for line in texts]


def _count(decoder: msgspec.json.Decoder[Any], line: str) -> int:
    try:
        decoder.decode(line)
    except msgspec.DecodeError:
        return 0
    return 1


def _count_packed(dataset: Dataset, line: str) -> int:
    try:
        return sum(_count(_decoder(dataset), fact) for fact in _facts(dataset, line))
    except Unreadable:
        return 0


@cache
def _decoder(dataset: Dataset) -> msgspec.json.Decoder[Any]:
    """Return what takes the lines that the table of a dataset takes: they have a time."""
    fields = [
        (column.name, _python_type(column), msgspec.field(name=column.member))
        if column.name == "ts"
        else (column.name, _python_type(column) | None, msgspec.field(name=column.member, default=None))
        for column in dataset.columns
    ]
    return msgspec.json.Decoder(msgspec.defstruct(f"{dataset.name}_line", fields, kw_only=True))


def _python_type(column: Column) -> Any:  # what msgspec takes for a type
    return _TYPES.get(column.kind, str)
