"""Dialects of SQL: what an engine's own class must build. There is one for each engine, in a module of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import sqlglot
from sqlglot import exp

from meterd.datasets import Kind
from meterd.query.buckets import Interval
from meterd.query.clickhouse import ClickHouse
from meterd.query.duckdb import DuckDB
from meterd.query.model import TextTest, Value


class Dialect(Protocol):
    """Builds the expressions that differ. `name` is sqlglot's name of the engine."""

    name: str

    def table(self, name: str) -> exp.Expr:
        """Return the facts of a dataset, each once."""

    def bound(self, value: Value) -> object:
        """Return what the engine is given for a value; times have no zone."""

    def parameter(self, number: int, value: Value) -> exp.Expr:
        """Return the placeholder for the bound value `number`, counted from 1."""

    def time(self, parameter: exp.Expr) -> exp.Expr:
        """Return a bound time as what times are counted with."""

    def absent(self, kind: Kind) -> exp.Expr:
        """Return the value of a column that facts do not have, where those of other datasets may."""

    def with_fractions(self, column: exp.Expr) -> exp.Expr:
        """Return a column of whole numbers, or of others, as it is listed among columns of the others."""

    def nowhere(self) -> exp.Expr:
        """Return the place of a group that has none."""

    def bucket(self, time: exp.Expr, interval: Interval) -> exp.Expr:
        """Return the start of the bucket that a time is in."""

    def numbered_bucket(self, time: exp.Expr, interval: Interval, first: datetime) -> tuple[exp.Expr, exp.Expr]:
        """Return what is quick to group by, other in each bucket, and the start of the bucket made of it.

        No time is before `first`.
        """

    def later(self, time: exp.Expr, seconds: int) -> exp.Expr:
        """Return the time so many seconds later, or earlier when negative."""

    def latest(self, *times: exp.Expr) -> exp.Expr: ...

    def aggregate(self, function: type[exp.AggFunc], value: exp.Expr) -> exp.Expr:
        """Aggregate values with one of the functions that engines have in common; null without values, but for counts.

        Sums and averages are those of whole numbers, and don't overflow.
        """

    def count_distinct(self, value: exp.Expr, has_fractions: bool) -> exp.Expr: ...

    def exact_sum(self, value: exp.Expr) -> exp.Expr:
        """Add up numbers that may have fractions, without losing what is small beside the sum."""

    def exact_average(self, value: exp.Expr) -> exp.Expr: ...

    def percentiles(self, value: exp.Expr, fractions: Sequence[float]) -> exp.Expr:
        """Return exact percentiles of the non-null values, as an array in the order of the fractions."""

    def histogram(self, value: exp.Expr, bounds: Sequence[exp.Expr]) -> exp.Expr:
        """Count values that are not above each of the bounds, which ascend, nor in the bin before it.

        As a map by bounds, in which infinity stands for what is above all of them; null without values.
        """

    def element(self, array: exp.Expr, place: int) -> exp.Expr:
        """Return the element of an array at a place, counted from 0."""

    def map_value(self, column: exp.Expr, key: exp.Expr) -> exp.Expr:
        """Return the value of a key of a map, null when absent."""

    def tag_value(self, array: exp.Expr, prefix: exp.Expr, start: int) -> exp.Expr:
        """Return the first element that begins with the prefix, from character `start` on; null when none does."""

    def json_path(self, path: Sequence[str]) -> Sequence[str]:
        """Return the values by which the engine knows a path of names."""

    def json_text(self, document: exp.Expr, path: Sequence[exp.Expr]) -> exp.Expr:
        """Return what a document has at a path, as text; null when nothing is there or it is no document."""

    def text_test(self, test: TextTest, value: exp.Expr, text: exp.Expr) -> exp.Expr: ...

    def has_any(self, array: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr: ...

    def has_all(self, array: exp.Expr, elements: exp.Expr) -> exp.Expr:
        """Tell whether an array has all elements of another."""

    def collected(self, value: exp.Expr) -> exp.Expr:
        """Aggregate values as an array; null without any."""

    def length(self, array: exp.Expr) -> exp.Expr: ...

    def only(self, array: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr:
        """Return the array without other elements than these."""

    def size(self, text: exp.Expr, is_array: bool) -> exp.Expr:
        """Count the bytes of a text, or of the texts of an array; 0 for null."""

    def previous(self, value: exp.Expr, is_array: bool, by: Sequence[exp.Expr], order: Sequence[exp.Expr]) -> exp.Expr:
        """Return the value, not null, of the row before it among rows with equal values of `by`; null for the first."""

    def sorted(self, array: exp.Expr) -> exp.Expr: ...

    def increases(self, array: exp.Expr, previous: exp.Expr) -> exp.Expr:
        """Tell by how much each number of an array grew; the array itself without a previous one, or when any fell."""

    def by_time(self, value: exp.Expr, time: exp.Expr, last: bool) -> exp.Expr:
        """Return the first or the last value that is not null."""

    def elements(self, array: exp.Expr) -> exp.Expr:
        """Return a row for each element, as a column of a SELECT."""

    def elements_in_step(self, *arrays: exp.Expr) -> Sequence[exp.Expr]:
        """Return a row for each place of some arrays, as columns of a SELECT."""

    def count_filled(self, array: exp.Expr) -> exp.Expr:
        """Tell how many of the arrays are not empty."""

    def count_distinct_elements(self, array: exp.Expr) -> exp.Expr:
        """Tell how many different elements the arrays have."""


DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (DuckDB(), ClickHouse())}


def ready_dialect(name: str) -> Dialect:
    """Return a dialect from which SQL can be generated in any thread.

    sqlglot loads its own part when it is first asked for, and until that is whole it gives other threads half of it.
    """
    sqlglot.Dialect.get_or_raise(name)
    return DIALECTS[name]
