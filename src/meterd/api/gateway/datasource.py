"""The declaration of a datasource of the metrics query: a named view of a dataset, and its fields."""

from functools import cached_property

import msgspec

from meterd.access import SubjectType
from meterd.api.gateway.operators import FULL, RANGE
from meterd.datasets import MAX_LABEL_LENGTH, Dataset, Kind
from meterd.errors import InvalidInput
from meterd.query.model import Condition, MapValue, Operand, TagValue
from meterd.query.model import Field as ColumnValue

NO_OPERATORS: frozenset[str] = frozenset()
METADATA_PREFIX = "metadata."
TAG_PREFIX = "tag."


class Field(msgspec.Struct, frozen=True):
    """A field of a datasource.

    Attributes:
        name: its name in aggregations, and in answers unless `response` says otherwise.
        operand: where its value is stored.
        aliases: other spellings that requests may use.
        response: key in answers when it is not `name`.
        group: may be grouped by; then it can be counted too.
        measure: is numeric and takes every aggregation.
        operators: filter operators that it takes.
        subject_type: the value is a slug of this type of subject only.
    """

    name: str
    operand: Operand
    aliases: tuple[str, ...] = ()
    response: str = ""
    group: bool = False
    measure: bool = False
    operators: frozenset[str] = NO_OPERATORS
    subject_type: SubjectType | None = None

    @property
    def key(self) -> str:
        return self.response or self.name


class Datasource(msgspec.Struct, frozen=True, dict=True):
    """A named view of a dataset.

    `pinned` restricts it to some of the dataset's facts; `ingest` tells whether facts can be sent under its name;
    `title` is its name in the message about an unknown filter; `description` says what a row is when that is not what
    the dataset says; with `has_tags`, `tag.<key>` is the value of a tag `key:value`.
    """

    name: str
    dataset: Dataset
    fields: tuple[Field, ...]
    pinned: Condition | None = None
    ingest: bool = True
    title: str = ""
    description: str = ""
    has_tags: bool = False

    @property
    def what(self) -> str:
        return self.description or self.dataset.description

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields under every spelling."""
        return {spelling: field for field in self.fields for spelling in (field.name, *field.aliases)}

    def find(self, name: str) -> Field | None:
        """Return the field of that name, including `metadata.<key>`."""
        if name.startswith(METADATA_PREFIX) and len(name) > len(METADATA_PREFIX):
            return metadata_field(name.removeprefix(METADATA_PREFIX))
        if self.has_tags and name.startswith(TAG_PREFIX) and len(name) > len(TAG_PREFIX):
            return tag_field(name.removeprefix(TAG_PREFIX))
        return self.by_name.get(name)

    def is_total(self, field: Field) -> bool:
        """Tell whether the field may hold running totals."""
        series = self.dataset.series
        return series is not None and field.measure and field.operand == ColumnValue(series.value)

    def is_distribution(self, field: Field) -> bool:
        """Tell whether the field holds distributions, which have percentiles and nothing else."""
        series = self.dataset.series
        return series is not None and field.operand == ColumnValue(series.counts)

    def kind(self, field: Field) -> Kind:
        """Return what the field's values are."""
        if not isinstance(field.operand, ColumnValue):
            return Kind.TEXT
        return self.dataset.by_name[field.operand.column].kind


def metadata_field(key: str) -> Field:
    """Return the field that reads one key of the caller's own labels. Raises `InvalidInput`."""
    _check_label(key)
    return Field(f"{METADATA_PREFIX}{key}", MapValue("metadata", key), group=True, operators=FULL)


def _check_label(key: str) -> None:
    """Refuse a label that is too long: no fact has a longer one, and the answer names it again in each of its rows."""
    if len(key) > MAX_LABEL_LENGTH:
        raise InvalidInput(f"a key of metadata or of a tag has at most {MAX_LABEL_LENGTH} characters, got {len(key)}")


def tag_field(key: str) -> Field:
    """Return the field that reads the value of the tag `key:value`. Raises `InvalidInput`."""
    _check_label(key)
    return Field(f"{TAG_PREFIX}{key}", TagValue("tags", key), group=True, operators=FULL)


def dimension(name: str, column: str, operators: frozenset[str], *aliases: str) -> Field:
    """Return a field to group and filter by."""
    return Field(name, ColumnValue(column), aliases=aliases, group=True, operators=operators)


def attribute(name: str, column: str, operators: frozenset[str]) -> Field:
    """Return a field to filter by."""
    return Field(name, ColumnValue(column), operators=operators)


def measure(name: str, column: str, operators: frozenset[str] = RANGE) -> Field:
    """Return a field to aggregate."""
    return Field(name, ColumnValue(column), measure=True, operators=operators)
