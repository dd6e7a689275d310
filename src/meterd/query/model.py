"""The only question the system knows how to ask.

A `Query` speaks of storage names. Each protocol translates its own names and rules into one and back; nothing here
knows a protocol. Values are plain Python; the compiler binds them, so nothing is ever part of the SQL text.
"""

from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

import msgspec

from meterd.datasets import Dataset
from meterd.errors import InvalidInput
from meterd.query.buckets import Interval

Scalar = str | int | float | bool
Value = Scalar | datetime
"""What a column is compared with; times have a zone."""


class Field(msgspec.Struct, frozen=True):
    """The value of a column."""

    column: str


class MapValue(msgspec.Struct, frozen=True):
    """The value of one key of a map column; null when the key is absent."""

    column: str
    key: str


class TagValue(msgspec.Struct, frozen=True):
    """The text that follows `key:` in the first element of an array column that begins so; null when none does."""

    column: str
    key: str


class Bin(msgspec.Struct, frozen=True):
    """The place of the first of `bounds`, which ascend, that a value is not above; above all of them, their number."""

    column: str
    bounds: tuple[float, ...]


class JSONText(msgspec.Struct, frozen=True):
    """What a JSON document has at a path of names: a text as it is, everything else as it is written; null when there
    is nothing, or null, or the document is none.
    """

    column: str
    path: tuple[str, ...]


Operand = Field | MapValue | TagValue | Bin | JSONText


class Comparison(Enum):
    EQUAL = "="
    NOT_EQUAL = "<>"
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


class TextTest(Enum):
    """Tests of a text, case-sensitive but for the last. Regular expressions (RE2) may match anywhere in it."""

    CONTAINS = "contains"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    HAS_MATCH = "has a match of"
    HAS_MATCH_OF_ANY_CASE = "has a match, in capitals or not, of"


class Compare(msgspec.Struct, frozen=True):
    operand: Operand
    comparison: Comparison
    value: Value


class OneOf(msgspec.Struct, frozen=True):
    """Membership in `values`. Of no values: nothing matches, and negated every value that is not null."""

    operand: Operand
    values: tuple[Value, ...]
    negated: bool = False


class Matches(msgspec.Struct, frozen=True):
    operand: Operand
    test: TextTest
    text: str
    negated: bool = False


class IsNull(msgspec.Struct, frozen=True):
    operand: Operand
    negated: bool = False


class HasAny(msgspec.Struct, frozen=True):
    """An array column shares an element with `values`; negated: shares none, which an empty array satisfies."""

    column: str
    values: tuple[str, ...]
    negated: bool = False


class Not(msgspec.Struct, frozen=True):
    """What does not satisfy the condition, also because an operand of it is null."""

    condition: "Condition"


class And(msgspec.Struct, frozen=True):
    """All of the conditions; of none: everything."""

    conditions: tuple["Condition", ...]


class Or(msgspec.Struct, frozen=True):
    """Any of the conditions; of none: nothing."""

    conditions: tuple["Condition", ...]


Condition = Compare | OneOf | Matches | IsNull | HasAny | Not | And | Or
"""A null operand satisfies nothing but `IsNull`, nor a negated test; but all that does not satisfy one satisfies its
`Not`."""


class Order(msgspec.Struct, frozen=True):
    """An order by a column; nulls come last either way."""

    column: str
    descending: bool = False


class Listing(msgspec.Struct, frozen=True):
    """Facts themselves: `columns` of those that satisfy the condition, in an order, at most `limit` after `offset`.

    With `max_bytes` the list ends, whatever follows, when its texts have that many; the order is then that of a number
    that differs from fact to fact, and facts without one come together.
    """

    dataset: Dataset
    columns: tuple[str, ...]
    condition: Condition
    order: tuple[Order, ...]
    limit: int
    offset: int = 0
    max_bytes: int | None = None


class Part(msgspec.Struct, frozen=True):
    """Facts of one dataset among those of others."""

    dataset: Dataset
    condition: Condition


class CombinedListing(msgspec.Struct, frozen=True):
    """Facts of several datasets as one list: columns that one of them does not have are null in its facts.

    They are in an order, and where that has equal ones in that of `ties`, which tells each fact from all others. Rows
    have the columns, then the values of the order and the ties and the number of the part that they are of, which is
    the place of a fact. With `after`, a place, they begin behind it, so that whatever came in between shifts nothing.
    """

    parts: tuple[Part, ...]
    columns: tuple[str, ...]
    order: tuple[Order, ...]
    ties: tuple[Order, ...]
    limit: int
    offset: int = 0
    after: tuple[Value | None, ...] | None = None

    @property
    def whole_order(self) -> tuple[Order, ...]:
        return (*self.order, *self.ties)

    @property
    def place(self) -> tuple[str, ...]:
        return tuple(each.column for each in self.whole_order)


class Group(msgspec.Struct, frozen=True):
    """Group by an operand that has one value; its values appear in the result under `key`."""

    key: str
    operand: Operand


class GroupElement(msgspec.Struct, frozen=True):
    """Group by the elements of an array column: a fact counts once in each, facts without any are dropped."""

    key: str
    column: str


class GroupBucket(msgspec.Struct, frozen=True):
    """Group by the buckets of the dataset's distributions: by their upper bounds, null for a bucket without one.

    `INCREASE` of the distribution's counts is then by how much a bucket grew.
    """

    key: str


class Function(Enum):
    """Aggregate functions over values that are not null. `COUNT` of an array column counts non-empty arrays.

    `FIRST` and `LAST` are by time.
    `INCREASE` is of the dataset's series: by how much running totals grew, each from 0 at its first fact and again
    after a reset. The fact before the window counts as what it grew from. `HISTOGRAM_PERCENTILE` is of the samples by
    which the dataset's running distributions grew, interpolated linearly in the bucket that the percentile is in.
    `HISTOGRAM` counts values in bins (`meterd.query.bins`). `LEAST_POSITIVE` is the least of values above zero.
    """

    COUNT = "count"
    COUNT_DISTINCT = "countDistinct"
    SUM = "sum"
    AVERAGE = "avg"
    MINIMUM = "min"
    MAXIMUM = "max"
    FIRST = "first"
    LAST = "last"
    PERCENTILE = "percentile"
    INCREASE = "increase"
    HISTOGRAM_PERCENTILE = "histogram percentile"
    HISTOGRAM = "histogram"
    LEAST_POSITIVE = "least positive"


class Per(Enum):
    """Divide an aggregate by the length of its bucket."""

    SECOND = 1
    MINUTE = 60


class Aggregate(msgspec.Struct, frozen=True):
    """One aggregate; its value appears in the result under `key`.

    `fraction` belongs to the percentiles, from 0 to 1; `PERCENTILE` is exact, interpolated linearly between neighbours.
    `bin_count` and `bins` belong to histograms: how many are wanted, and the edges of each once they are known.
    """

    key: str
    function: Function
    operand: Operand
    fraction: float = 0.0
    per: Per | None = None
    bin_count: int = 0
    bins: tuple[tuple[float | None, float], ...] = ()


class Ranking(msgspec.Struct, frozen=True):
    """Order groups by `total`, or by the aggregate or group `key`, over the whole window; nulls come last either way.

    Equal ones are in the order of groups without a ranking. Groups after the first `limit` are left out, or with
    `has_other` answered as one, of all their facts, each counted once.
    """

    key: str = "total"
    is_descending: bool = True
    limit: int | None = None
    has_other: bool = False


class Query(msgspec.Struct, frozen=True):
    """A dataset, a half-open window of time, and what to make of the facts in it.

    Without groups and interval the result is one row, even when no fact matches. With `has_totals` the rows of the same
    query without groups are among the result. The number of facts of a row is always
    counted, as `total`. Buckets are in UTC, or in `zone` (`meterd.query.local_time`). Raises `InvalidInput` for
    a `Group` of whole arrays.
    """

    dataset: Dataset
    start: datetime
    end: datetime
    groups: tuple[Group | GroupElement | GroupBucket, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    condition: Condition | None = None
    interval: Interval | None = None
    zone: ZoneInfo | None = None
    ranking: Ranking | None = None
    has_totals: bool = False

    @property
    def is_ranked_first(self) -> bool:
        """Tell whether the places of groups must be known before the rows can be made: facts are then read twice."""
        ranking = self.ranking
        return ranking is not None and (self.interval is not None or bool(ranking.limit and ranking.has_other))

    def __post_init__(self) -> None:
        for group in self.groups:
            if isinstance(group, Group) and isinstance(group.operand, Field):
                column = self.dataset.by_name.get(group.operand.column)
                if column and column.kind.is_array:
                    raise InvalidInput(f"{column.member} has several values for a fact: it can't be grouped by as one")


class HistogramBin(msgspec.Struct, frozen=True):
    """How many values are above the lower edge, if there is one, and not above the upper."""

    lower: float | None
    upper: float
    count: int


class Row(msgspec.Struct, frozen=True):
    """One row of a result: bucket bounds are there only when the query has an interval.

    A row of the groups beyond the limit of a ranking says how many they are over the whole window; its groups are null,
    as those of totals.
    """

    values: dict[str, Value | list[HistogramBin] | None]
    total: int
    start: datetime | None = None
    end: datetime | None = None
    other_groups: int | None = None
    is_totals: bool = False


def every(*conditions: Condition | None) -> Condition | None:
    """Join all of the conditions that are not None, as one."""
    present = tuple(condition for condition in conditions if condition is not None)
    if len(present) < 2:
        return present[0] if present else None
    return And(present)
