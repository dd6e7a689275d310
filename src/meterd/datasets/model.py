"""What a dataset is: the one declaration from which tables, validation and documentation follow."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, cast

import msgspec
from msgspec import Meta
from typing_extensions import TypeVar

if TYPE_CHECKING:
    from meterd.datasets.rows import Row


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
    JSON = "JSON object as text"

    @property
    def is_numeric(self) -> bool:
        return self in (Kind.NUMBER, Kind.INTEGER, Kind.UNSIGNED)

    @property
    def is_array(self) -> bool:
        return self in (Kind.TEXTS, Kind.NUMBERS)


MAXIMUM_UNSIGNED = 2**64 - 1
MAX_TEXT_LENGTH = 4096
"""Characters of a text, unless its column declares another length."""
MAX_DOCUMENT_LENGTH = 2**24
"""Characters of a document or a message, which the limit of its request keeps shorter."""
MAX_LABEL_LENGTH = 128
"""Characters of a key or a value of a map."""
MAX_LABELS = 64
"""Keys of a map."""
MAX_JSON_DEPTH = 100
"""Levels of objects and arrays in a JSON column."""
MAX_DURATION = 10**12
"""Milliseconds, some 31 years. What is longer was not measured, and would drown a sum."""
MIN_STATUS, MAX_STATUS = 100, 599
"""Statuses of HTTP (RFC 9110, section 15)."""

_Label = Annotated[str, Meta(max_length=MAX_LABEL_LENGTH)]
_PYTHON_TYPES: dict[Kind, object] = {Kind.BOOLEAN: bool, Kind.TIME: datetime, Kind.NUMBERS: list[float | None]}
_MAX_LENGTHS = {Kind.JSON: MAX_DOCUMENT_LENGTH, Kind.TEXT_MAP: MAX_LABEL_LENGTH}


class Column(msgspec.Struct, frozen=True):
    """One column of a dataset.

    `name` is the storage name (snake_case); `json` the member name in ingested rows and in the journal, by default
    the lowerCamelCase form. `allowed` closes the set of values; those of them that are `reserved` only the server sets.
    `required` means a row without it is refused, and `assigned` that a sent row with it is: only the server sets it.
    The dataset's `derive` may fill in what is `derived`. Elements of an array that is `distinct` are kept once.
    `minimum` and `maximum` bound a number; every number is finite. `max_length` is the most characters of a text, of
    each text of an array, or of each value of a map, when it is not what is usual for the kind. Texts that are `few`
    different ones, some ten thousand at most, can be kept as numbers of them. What `names_person` holds the name of who
    caused the fact, or of whom it is about; of a map, its values may.
    """

    name: str
    kind: Kind
    description: str
    json: str = ""
    allowed: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()
    required: bool = False
    assigned: bool = False
    derived: bool = False
    minimum: int | None = None
    maximum: int | None = None
    max_length: int = 0
    distinct: bool = False
    few: bool = False
    names_person: bool = False

    @property
    def member(self) -> str:
        return self.json or camel_case(self.name)

    @property
    def max_characters(self) -> int:
        """Of a text, of each text of an array, or of each value of a map."""
        return self.max_length or _MAX_LENGTHS.get(self.kind, MAX_TEXT_LENGTH)

    @property
    def sendable(self) -> tuple[str, ...]:
        """Of the values that are allowed, those that may be sent."""
        return tuple(value for value in self.allowed if value not in self.reserved)

    @property
    def python_type(self) -> object:
        """What a value is, with its bounds, which msgspec checks."""
        if self.allowed:
            return Literal[self.allowed]
        text = Annotated[str, Meta(max_length=self.max_characters)]
        match self.kind:
            case Kind.TEXT | Kind.JSON:
                return text
            case Kind.TEXTS:
                return list[text]
            case Kind.TEXT_MAP:
                return Annotated[dict[_Label, text], Meta(max_length=MAX_LABELS)]
            case Kind.NUMBER:
                return Annotated[float, self._bounds(-sys.float_info.max, sys.float_info.max)]
            case Kind.INTEGER:
                return Annotated[int, self._bounds(-(2**63), 2**63 - 1)]
            case Kind.UNSIGNED:  # `MAXIMUM_UNSIGNED` is beyond what msgspec can bound
                return Annotated[int, Meta(ge=0, le=self.maximum)]
        return _PYTHON_TYPES[self.kind]

    @property
    def sent_type(self) -> object:
        """What a value is in a row that a client sends."""
        if self.reserved:
            return Literal[self.sendable]
        return dict[str, Any] if self.kind is Kind.TEXT_MAP else self.python_type

    def _bounds(self, lowest: float, highest: float) -> Meta:
        return Meta(
            ge=lowest if self.minimum is None else self.minimum, le=highest if self.maximum is None else self.maximum
        )


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


Row_co = TypeVar("Row_co", bound="Row", default="Row", covariant=True)
"""The type of a dataset's rows; of any dataset, what all rows have. It is covariant as a dataset meets only its own."""


class Dataset(msgspec.Struct, Generic[Row_co], frozen=True, dict=True, eq=False):
    """A table of facts of one kind.

    `identity` names the columns that, together, tell one fact from another: a second fact with the same identity is
    stored once (`docs/specifications/ingest-sources.md` section 3). Facts that have none of them are all distinct.
    `derive` fills in columns of a row that follow from its others, and `rule` says what is wrong with its columns taken
    together: the name of one, and the end of a sentence about it. Both hold whichever way the row came in. `series`
    says which facts are points of one series. `packed` names the columns in which facts of a packed batch may differ.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    identity: tuple[str, ...] = ()
    derive: Callable[[Row_co], None] | None = None
    rule: Callable[[Row_co], tuple[str, str] | None] | None = None
    series: Series | None = None
    packed: tuple[str, ...] = ()

    @cached_property
    def row_type(self) -> "type[Row_co]":
        """A struct with one attribute a column: holds a row, and encodes it for the journal.

        A null member is the same as an absent one, except for required columns. `rows.pyi` describes it to mypy.
        """
        return cast("type[Row_co]", self._struct("row", {column: column.python_type for column in self.columns}))

    @cached_property
    def sent_type(self) -> "type[Row_co]":
        """As `row_type`, for rows that clients send: decodes their JSON, and takes no value of an assigned column."""
        types = {column: None if column.assigned else column.sent_type for column in self.columns}
        return cast("type[Row_co]", self._struct("sent_row", types))

    @cached_property
    def fact_type(self) -> type[msgspec.Struct]:
        """As `row_type`, made of the values of a row in their order: checks them, which making a row does not."""
        return self._struct("fact", {column: column.python_type for column in self.columns}, is_array=True)

    @cached_property
    def rest_type(self) -> type[msgspec.Struct]:
        """As `fact_type`, made of a row, of the columns that decoding a sent one has not checked already."""
        return self._struct(
            "rest",
            {
                column: column.python_type
                for column in self.columns
                if column.kind is Kind.TEXT_MAP or column.assigned or column.derived
            },
        )

    def _struct(self, name: str, types: Mapping[Column, Any], is_array: bool = False) -> type[msgspec.Struct]:
        fields: list[tuple[str, object, object]] = []
        for column, type_ in types.items():
            if column.required and type_ is not None:
                fields.append((column.name, type_, msgspec.field(name=column.member)))
            else:
                fields.append((column.name, type_ and type_ | None, msgspec.field(name=column.member, default=None)))
        return msgspec.defstruct(
            f"{self.name}_{name}",
            fields,
            kw_only=True,
            omit_defaults=True,
            forbid_unknown_fields=True,
            array_like=is_array,
            gc=False,
        )

    @cached_property
    def assigned(self) -> frozenset[str]:
        """Members that only the server sets."""
        return frozenset(column.member for column in self.columns if column.assigned)

    @cached_property
    def documents(self) -> tuple[Column, ...]:
        """Columns that hold JSON."""
        return tuple(column for column in self.columns if column.kind is Kind.JSON)

    @cached_property
    def persons(self) -> tuple[Column, ...]:
        """Columns that may name a person."""
        return tuple(column for column in self.columns if column.names_person)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}


def camel_case(name: str) -> str:
    """`latency_ms` -> `latencyMs`."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


COMMON = (
    Column("ts", Kind.TIME, "when it happened, UTC with microseconds; default: when it arrived", json="createdAt"),
    Column(
        "subject",
        Kind.TEXT,
        "who caused it: e-mail of a user or name of a virtual account; default: the token's subject",
        json="createdBySubjectSlug",
        few=True,
        names_person=True,
    ),
    Column(
        "subject_type",
        Kind.TEXT,
        "what the subject is; default: the token's",
        json="createdBySubjectType",
        allowed=("user", "virtualaccount"),
        few=True,
    ),
    Column("teams", Kind.TEXTS, "teams of the subject at that moment; default: the token's", few=True),
    Column(
        "metadata",
        Kind.TEXT_MAP,
        "the caller's own labels: up to 64 keys, key and value up to 128 characters",
        names_person=True,
    ),
    Column("trace_id", Kind.TEXT, "trace it belongs to; with spanId the identity of the fact"),
    Column("span_id", Kind.TEXT, "span it belongs to"),
)
"""Columns of every dataset. The tenant is common too, but comes from the token only and is no member of a row."""
