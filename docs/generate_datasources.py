"""Writes `datasources.md` beside this file from the declarations: `make docs`. A test compares the two."""

from collections.abc import Iterator
from pathlib import Path

from meterd.api.gateway.datasource import Datasource, Field, metadata_field, tag_field
from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.operators import OPERATOR_SETS
from meterd.datasets import COMMON, Column, Dataset

PAGE = Path(__file__).with_name("datasources.md")
_INTRODUCTION = """\
# Datasources

This page is generated from the declarations in `meterd.datasets` and `meterd.api.gateway.datasources`
(`make docs`). For each datasource it lists what a query may use, and what a row that you send may hold. How to send and
how to ask is in [Gateway metrics](gateway-metrics.md).

## Operator sets

An operator outside of a field's set is refused.

"""
_COMMON = """\
## Members of every row

No member is required unless its table says so. A null member is the same as an absent one. Members that are in no table
are refused, so that a misspelt one is noticed; so are members that the server sets. A text has up to 4,096 characters
unless its table says otherwise. JSON as text is one object, up to 100 levels deep. Times are ISO 8601, UTC without an
offset, kept to the microsecond, from 1970 to 24 hours ahead.

"""


def page() -> str:
    """Return the whole page."""
    parts = [_INTRODUCTION, *_table(("set", "operators"), _sets()), "\n", _COMMON, *_members(COMMON)]
    described: set[str] = set()
    for datasource in datasources().values():
        parts += ["\n", *_datasource(datasource, known=datasource.dataset.name in described)]
        described.add(datasource.dataset.name)
    return "".join(parts)


def _table(headings: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |\n"
    yield f"| {' | '.join('---' for _ in headings)} |\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n".replace("|  |", "| |")


def _sets() -> Iterator[tuple[str, ...]]:
    for name, operators in OPERATOR_SETS.items():
        yield name, _codes(operators)


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _datasource(datasource: Datasource, known: bool) -> Iterator[str]:
    yield f"## {datasource.name}\n\n{datasource.what}\n\n"
    tags = (tag_field("<key>"),) if datasource.has_tags else ()
    fields = (*datasource.fields, metadata_field("<key>"), *tags)
    headings = ("field", "other spellings", "group by", "aggregations", "filter operators")
    yield from _table(headings, (_field(datasource, field) for field in fields))
    if datasource.ingest and not known:
        yield f"\nMembers of a row sent with `?datasource={datasource.name}`, beside those of every row:\n\n"
        yield from _members(_own(datasource.dataset))
        if not datasource.dataset.identity:
            yield "\nFacts of this datasource have no identity: a row that is sent twice counts twice.\n"


def _field(datasource: Datasource, field: Field) -> tuple[str, ...]:
    aggregations = "counts" if field.group and not field.subject_type else "–"
    if field.measure:
        aggregations = "percentiles" if datasource.is_distribution(field) else "all"
    return (
        f"`{field.name}`",
        _codes(field.aliases),
        "yes" if field.group else "–",
        aggregations,
        _operators(field.operators),
    )


def _operators(operators: frozenset[str]) -> str:
    """Name a set, or a set and what is beside it."""
    if not operators:
        return "–"
    for name, each in OPERATOR_SETS.items():
        if operators == frozenset(each):
            return name
    extra = operators & {"IS_NULL"}
    return f"{_operators(operators - extra)}, `IS_NULL`" if extra else _codes(tuple(sorted(operators)))


def _own(dataset: Dataset) -> tuple[Column, ...]:
    return dataset.columns[len(COMMON) :]


def _members(columns: tuple[Column, ...]) -> Iterator[str]:
    rows = ((f"`{column.member}`", column.kind.value, _meaning(column)) for column in columns if not column.assigned)
    yield from _table(("member", "type", "meaning"), rows)


def _meaning(column: Column) -> str:
    values = f"; {' or '.join(f'`{value}`' for value in column.sendable)}" if column.sendable else ""
    bounds = "".join(
        f"; {words} {bound}"
        for words, bound in (("at least", column.minimum), ("at most", column.maximum))
        if bound is not None
    )
    length = f"; up to {column.max_length:,} characters" if column.max_length else ""
    return f"{column.description}{values}{bounds}{length}{'; required' if column.required else ''}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
