"""Dialects of SQL: one small class for each engine."""

from collections.abc import Sequence
from typing import Protocol

from sqlglot import exp

from meterd.query.buckets import Interval
from meterd.query.model import TextTest


class Dialect(Protocol):
    """Builds the expressions that differ. `name` is sqlglot's name of the engine."""

    name: str

    def parameter(self, number: int) -> exp.Expr:
        """Return the placeholder for the bound value `number`, counted from 1."""

    def bucket(self, time: exp.Expr, interval: Interval) -> exp.Expr:
        """Return the start of the bucket that a time is in."""

    def later(self, time: exp.Expr, seconds: int) -> exp.Expr:
        """Return the time so many seconds later, or earlier when negative."""

    def latest(self, *times: exp.Expr) -> exp.Expr: ...

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

    def json_text(self, document: exp.Expr, pointer: exp.Expr) -> exp.Expr:
        """Return what a document has at a JSON pointer, as text; null when nothing is there or it is no document."""

    def text_test(self, test: TextTest, value: exp.Expr, text: exp.Expr) -> exp.Expr: ...

    def has_any(self, array: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr: ...

    def has_all(self, array: exp.Expr, elements: exp.Expr) -> exp.Expr:
        """Tell whether an array has all elements of another."""

    def collected(self, value: exp.Expr) -> exp.Expr:
        """Aggregate values as an array; null without any."""

    def length(self, array: exp.Expr) -> exp.Expr: ...

    def only(self, array: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr:
        """Return the array without other elements than these."""

    def size(self, text: exp.Expr) -> exp.Expr:
        """Count the bytes of a text, or of the texts of an array; 0 for null."""

    def previous(self, value: exp.Expr, by: Sequence[exp.Expr], order: Sequence[exp.Expr]) -> exp.Expr:
        """Return the value, not null, of the row before it among rows with equal values of `by`; null for the first."""

    def sorted(self, array: exp.Expr) -> exp.Expr: ...

    def increases(self, array: exp.Expr, previous: exp.Expr) -> exp.Expr:
        """Tell by how much each number of an array grew; the array itself without a previous one, or when any fell."""

    def by_time(self, value: exp.Expr, time: exp.Expr, last: bool) -> exp.Expr:
        """Return the first or the last value that is not null."""

    def elements(self, array: exp.Expr) -> exp.Expr:
        """Return a row for each element, as a column of a SELECT."""

    def count_filled(self, array: exp.Expr) -> exp.Expr:
        """Tell how many of the arrays are not empty."""

    def count_distinct_elements(self, array: exp.Expr) -> exp.Expr:
        """Tell how many different elements the arrays have."""


class DuckDB:
    name = "duckdb"

    _TESTS = {  # noqa: RUF012 - a constant
        TextTest.CONTAINS: "contains",
        TextTest.STARTS_WITH: "starts_with",
        TextTest.ENDS_WITH: "ends_with",
        TextTest.HAS_MATCH: "regexp_matches",
    }

    def parameter(self, number: int) -> exp.Expr:
        return exp.Parameter(this=exp.Literal.number(number))

    def bucket(self, time: exp.Expr, interval: Interval) -> exp.Expr:
        unit = interval.unit.name.lower()
        if interval.count == 1:  # several times faster than time_bucket, with the same origins
            return _call("date_trunc", exp.Literal.string(unit), time)
        width = exp.Interval(this=exp.Literal.string(str(interval.count)), unit=exp.var(unit))
        origin = exp.cast(exp.Literal.string(interval.origin.strftime("%Y-%m-%d")), "TIMESTAMP")
        return _call("time_bucket", width, time, origin)

    def later(self, time: exp.Expr, seconds: int) -> exp.Expr:
        return exp.Add(this=time, expression=_call("to_seconds", exp.Literal.number(seconds))) if seconds else time

    def latest(self, *times: exp.Expr) -> exp.Expr:
        return _call("greatest", *times)

    def exact_sum(self, value: exp.Expr) -> exp.Expr:
        return _call("fsum", value)

    def exact_average(self, value: exp.Expr) -> exp.Expr:
        return _call("favg", value)

    def percentiles(self, value: exp.Expr, fractions: Sequence[float]) -> exp.Expr:
        return _call("quantile_cont", value, _array([exp.Literal.number(fraction) for fraction in fractions]))

    def histogram(self, value: exp.Expr, bounds: Sequence[exp.Expr]) -> exp.Expr:
        return _call("histogram", exp.cast(value, "DOUBLE"), _array(bounds))

    def element(self, array: exp.Expr, place: int) -> exp.Expr:
        return _call("list_extract", array, exp.Literal.number(place + 1))

    def map_value(self, column: exp.Expr, key: exp.Expr) -> exp.Expr:
        return _call("map_extract_value", column, key)

    def tag_value(self, array: exp.Expr, prefix: exp.Expr, start: int) -> exp.Expr:
        begins = exp.Lambda(
            this=_call("starts_with", exp.column("tag"), prefix), expressions=[exp.to_identifier("tag")]
        )
        first = _call("list_extract", _call("list_filter", array, begins), exp.Literal.number(1))
        return _call("substr", first, exp.Literal.number(start))

    def json_text(self, document: exp.Expr, pointer: exp.Expr) -> exp.Expr:
        return _call("try", _call("json_extract_string", document, pointer))

    def text_test(self, test: TextTest, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        if test is TextTest.HAS_MATCH_OF_ANY_CASE:
            return _call("regexp_matches", value, text, exp.Literal.string("i"))
        return _call(self._TESTS[test], value, text)

    def has_any(self, array: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr:
        return _call("list_has_any", array, _array(values))

    def has_all(self, array: exp.Expr, elements: exp.Expr) -> exp.Expr:
        return _call("list_has_all", array, elements)

    def collected(self, value: exp.Expr) -> exp.Expr:
        return _call("list", value)

    def length(self, array: exp.Expr) -> exp.Expr:
        return _call("len", array)

    def only(self, array: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr:
        return _call("list_intersect", array, _array(values))

    def size(self, text: exp.Expr) -> exp.Expr:
        return _call("coalesce", _call("strlen", exp.cast(text, "VARCHAR")), exp.Literal.number(0))

    def previous(self, value: exp.Expr, by: Sequence[exp.Expr], order: Sequence[exp.Expr]) -> exp.Expr:
        ordered = exp.Order(expressions=[exp.Ordered(this=each, nulls_first=False) for each in order])
        return exp.Window(this=exp.IgnoreNulls(this=exp.Lag(this=value)), partition_by=list(by), order=ordered)

    def sorted(self, array: exp.Expr) -> exp.Expr:
        return _call("list_sort", array)

    def increases(self, array: exp.Expr, previous: exp.Expr) -> exp.Expr:
        pair = exp.column("pair")
        difference = exp.Sub(
            this=_call("struct_extract", pair, exp.Literal.number(1)),
            expression=_call("struct_extract", pair, exp.Literal.number(2)),
        )
        by = _call(
            "list_transform",
            _call("list_zip", array, previous),
            exp.Lambda(this=difference, expressions=[exp.to_identifier("pair")]),
        )
        grew = exp.GTE(this=_call("list_min", by), expression=exp.Literal.number(0))
        return exp.Case().when(grew, by).else_(array)

    def by_time(self, value: exp.Expr, time: exp.Expr, last: bool) -> exp.Expr:
        return _call("arg_max" if last else "arg_min", value, time)

    def elements(self, array: exp.Expr) -> exp.Expr:
        return _call("unnest", array)

    def count_filled(self, array: exp.Expr) -> exp.Expr:
        filled = _call("count_if", exp.GT(this=_call("len", array), expression=exp.Literal.number(0)))
        return _call("coalesce", filled, exp.Literal.number(0))

    def count_distinct_elements(self, array: exp.Expr) -> exp.Expr:
        return _call("coalesce", _call("list_unique", _call("flatten", _call("list", array))), exp.Literal.number(0))


DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (DuckDB(),)}


def _call(function: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=function, expressions=list(arguments))


def _array(values: Sequence[exp.Expr]) -> exp.Expr:
    """Return an array of text or numbers; typed, so that an empty one fits too."""
    if not values:
        return exp.cast(exp.Array(expressions=[]), "VARCHAR[]")
    return exp.Array(expressions=list(values))
