"""What a dataset is: the one declaration from which tables, validation and documentation follow."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta


class Kind(Enum):
    """The type of a column; engines map it to their own."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    UNSIGNED = "unsigned integer"
    BOOLEAN = "boolean"
    TIME = "time"
    TEXTS = "array of text"
    NUMBERS = "array of numbers"
    TEXT_MAP = "map of text to text"

    @property
    def is_numeric(self) -> bool:
        return self in (Kind.NUMBER, Kind.INTEGER, Kind.UNSIGNED)


MAXIMUM_UNSIGNED = 2**64 - 1
LONGEST_TEXT = 4096
"""Characters of a text column."""
LONGEST_LABEL = 128
"""Characters of a key or a value of `metadata`."""
MOST_LABELS = 64
"""Keys of `metadata`."""

_Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
_PYTHON_TYPES: dict[Kind, Any] = {
    Kind.TEXT: _Text,
    Kind.NUMBER: float,
    Kind.INTEGER: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)],
    Kind.UNSIGNED: Annotated[int, Meta(ge=0)],
    Kind.BOOLEAN: bool,
    Kind.TIME: datetime,
    Kind.TEXTS: list[_Text],
    Kind.NUMBERS: list[float | None],
    Kind.TEXT_MAP: dict[str, Any],
}


class Column(msgspec.Struct, frozen=True):
    """One column of a dataset.

    `name` is the storage name (snake_case); `json` the member name in ingested rows and in the journal, by default
    the lowerCamelCase form. `allowed` closes the set of values; `required` means a row without it is refused.
    """

    name: str
    kind: Kind
    description: str
    json: str = ""
    allowed: tuple[str, ...] = ()
    required: bool = False

    @property
    def member(self) -> str:
        return self.json or camel_case(self.name)

    @property
    def python_type(self) -> Any:
        if self.allowed:
            return Literal[self.allowed]
        return _PYTHON_TYPES[self.kind]


class Series(msgspec.Struct, frozen=True):
    """Facts that follow each other: those with equal values of the columns `by`, in the order of the columns `order`.

    `value` may hold a running total, from which increases are computed. `bounds` and `counts` may hold a running
    distribution: the upper bounds of its buckets, ascending, and how many samples each holds so far.
    """

    by: tuple[str, ...]
    order: tuple[str, ...]
    value: str
    bounds: str
    counts: str


class Dataset(msgspec.Struct, frozen=True, dict=True, eq=False):
    """A table of facts of one kind.

    `identity` names the columns that, together, tell one fact from another: a second fact with the same identity is
    stored once (`docs/specifications/ingest-sources.md` section 3). Facts that have none of them are all distinct.
    `derive` fills in columns of a row that follow from its others, whichever way the row came in. `series` says which
    facts are points of one series. `packed` names the columns in which facts of a packed batch may differ.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    identity: tuple[str, ...] = ()
    derive: Callable[[Any], None] | None = None
    series: Series | None = None
    packed: tuple[str, ...] = ()

    @cached_property
    def row_type(self) -> type[msgspec.Struct]:
        """A struct with one attribute a column: decodes a row's JSON, holds it, and encodes it for the journal.

        A null member is the same as an absent one, except for required columns.
        """
        fields: list[tuple[str, Any, Any]] = []
        for column in self.columns:
            if column.required:
                fields.append((column.name, column.python_type, msgspec.field(name=column.member)))
            else:
                fields.append((column.name, column.python_type | None, msgspec.field(name=column.member, default=None)))
        return msgspec.defstruct(
            f"{self.name}_row", fields, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
        )

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}


def camel_case(name: str) -> str:
    """`latency_ms` -> `latencyMs`."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


COMMON = (
    Column("ts", Kind.TIME, "when it happened, UTC with microseconds; default: when it arrived", json="createdAt"),
    Column("subject", Kind.TEXT, "who caused it: e-mail of a user or name of a virtual account; default: the "
           "token's subject", json="createdBySubjectSlug"),
    Column("subject_type", Kind.TEXT, "what the subject is; default: the token's", json="createdBySubjectType",
           allowed=("user", "virtualaccount")),
    Column("teams", Kind.TEXTS, "teams of the subject at that moment; default: the token's"),
    Column("metadata", Kind.TEXT_MAP, "the caller's own labels: up to 64 keys, key and value up to 128 characters"),
    Column("trace_id", Kind.TEXT, "trace it belongs to; with spanId the identity of the fact"),
    Column("span_id", Kind.TEXT, "span it belongs to"),
)  # fmt: skip
"""Columns of every dataset. The tenant is common too, but comes from the token only and is no member of a row."""
