"""DuckDB's SQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlglot import exp

from meterd.datasets import Kind
from meterd.query import sql
from meterd.query.buckets import EPOCH, Interval, Unit
from meterd.query.model import TextTest, Value

_MICROSECOND = timedelta(microseconds=1)
_DAY = Interval(1, Unit.DAY)


class DuckDB:
    name = "duckdb"

    _TESTS = {  # noqa: RUF012 - a constant
        TextTest.CONTAINS: "contains",
        TextTest.STARTS_WITH: "starts_with",
        TextTest.ENDS_WITH: "ends_with",
        TextTest.HAS_MATCH: "regexp_matches",
    }

    def table(self, name: str) -> exp.Expr:
        return exp.to_table(name)

    def bound(self, value: Value) -> object:
        return value

    def parameter(self, number: int, value: Value) -> exp.Expr:
        return exp.Parameter(this=exp.Literal.number(number))

    def time(self, parameter: exp.Expr) -> exp.Expr:
        return exp.cast(parameter, "TIMESTAMP", copy=False)

    def absent(self, kind: Kind) -> exp.Expr:
        return exp.Null()

    def with_fractions(self, column: exp.Expr) -> exp.Expr:
        return column

    def nowhere(self) -> exp.Expr:
        return exp.cast(exp.Null(), "BIGINT")

    def bucket(self, time: exp.Expr, interval: Interval) -> exp.Expr:
        unit = interval.unit.name.lower()
        if interval.count == 1:  # several times faster than time_bucket, with the same origins
            return sql.call("date_trunc", exp.Literal.string(unit), time)
        width = exp.Interval(this=exp.Literal.string(str(interval.count)), unit=exp.var(unit))
        origin = exp.cast(exp.Literal.string(interval.origin.strftime("%Y-%m-%d")), "TIMESTAMP")
        return sql.call("time_bucket", width, time, origin)

    def numbered_bucket(self, time: exp.Expr, interval: Interval, first: datetime) -> tuple[exp.Expr, exp.Expr]:
        """Count buckets from the first one, or take the date: less by a third than where each fact's bucket starts."""
        if interval == _DAY:
            return exp.cast(time, "DATE"), exp.cast(exp.cast(time.copy(), "DATE"), "TIMESTAMP")
        if interval.count == 1 or interval.length is None:
            return self.bucket(time, interval), self.bucket(time.copy(), interval)
        width = interval.length // _MICROSECOND
        start = (interval.start_of(first) - EPOCH) // _MICROSECOND
        since = exp.Sub(this=sql.call("epoch_us", time), expression=exp.Literal.number(start))
        number = exp.IntDiv(this=exp.paren(since), expression=exp.Literal.number(width))
        distance = exp.Mul(this=exp.paren(number.copy()), expression=exp.Literal.number(width))
        return number, sql.call("make_timestamp", exp.Add(this=distance, expression=exp.Literal.number(start)))

    def later(self, time: exp.Expr, seconds: int) -> exp.Expr:
        return exp.Add(this=time, expression=sql.call("to_seconds", exp.Literal.number(seconds))) if seconds else time

    def latest(self, *times: exp.Expr) -> exp.Expr:
        return sql.call("greatest", *times)

    def aggregate(self, function: type[exp.AggFunc], value: exp.Expr) -> exp.Expr:
        return function(this=value)

    def count_distinct(self, value: exp.Expr, has_fractions: bool) -> exp.Expr:
        return exp.Count(this=exp.Distinct(expressions=[value]))

    def exact_sum(self, value: exp.Expr) -> exp.Expr:
        return sql.call("fsum", value)

    def exact_average(self, value: exp.Expr) -> exp.Expr:
        return sql.call("favg", value)

    def percentiles(self, value: exp.Expr, fractions: Sequence[float]) -> exp.Expr:
        return sql.call("quantile_cont", value, _array([exp.Literal.number(fraction) for fraction in fractions]))

    def histogram(self, value: exp.Expr, bounds: Sequence[exp.Expr]) -> exp.Expr:
        return sql.call("histogram", exp.cast(value, "DOUBLE"), _array(bounds))

    def element(self, array: exp.Expr, place: int) -> exp.Expr:
        return sql.call("list_extract", array, exp.Literal.number(place + 1))

    def map_value(self, column: exp.Expr, key: exp.Expr) -> exp.Expr:
        return sql.call("map_extract_value", column, key)

    def tag_value(self, array: exp.Expr, prefix: exp.Expr, start: int) -> exp.Expr:
        begins = exp.Lambda(
            this=sql.call("starts_with", exp.column("tag"), prefix), expressions=[exp.to_identifier("tag")]
        )
        first = sql.call("list_extract", sql.call("list_filter", array, begins), exp.Literal.number(1))
        return sql.call("substr", first, exp.Literal.number(start))

    def json_path(self, path: Sequence[str]) -> Sequence[str]:
        return ("".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in path),)  # RFC 6901

    def json_text(self, document: exp.Expr, path: Sequence[exp.Expr]) -> exp.Expr:
        return sql.call("try", sql.call("json_extract_string", document, *path))

    def text_test(self, test: TextTest, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        if test is TextTest.HAS_MATCH_OF_ANY_CASE:
            return sql.call("regexp_matches", value, text, exp.Literal.string("i"))
        return sql.call(self._TESTS[test], value, text)

    def has_any(self, array: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr:
        return sql.call("list_has_any", array, _array(values))

    def has_all(self, array: exp.Expr, elements: exp.Expr) -> exp.Expr:
        return sql.call("list_has_all", array, elements)

    def collected(self, value: exp.Expr) -> exp.Expr:
        return sql.call("list", value)

    def length(self, array: exp.Expr) -> exp.Expr:
        return sql.call("len", array)

    def only(self, array: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr:
        return sql.call("list_intersect", array, _array(values))

    def size(self, text: exp.Expr, is_array: bool) -> exp.Expr:
        return sql.call("coalesce", sql.call("strlen", exp.cast(text, "VARCHAR")), exp.Literal.number(0))

    def previous(self, value: exp.Expr, is_array: bool, by: Sequence[exp.Expr], order: Sequence[exp.Expr]) -> exp.Expr:
        ordered = exp.Order(expressions=[exp.Ordered(this=each, nulls_first=False) for each in order])
        return exp.Window(this=exp.IgnoreNulls(this=exp.Lag(this=value)), partition_by=list(by), order=ordered)

    def sorted(self, array: exp.Expr) -> exp.Expr:
        return sql.call("list_sort", array)

    def increases(self, array: exp.Expr, previous: exp.Expr) -> exp.Expr:
        pair = exp.column("pair")
        difference = exp.Sub(
            this=sql.call("struct_extract", pair, exp.Literal.number(1)),
            expression=sql.call("struct_extract", pair, exp.Literal.number(2)),
        )
        by = sql.call(
            "list_transform",
            sql.call("list_zip", array, previous),
            exp.Lambda(this=difference, expressions=[exp.to_identifier("pair")]),
        )
        grew = exp.GTE(this=sql.call("list_min", by), expression=exp.Literal.number(0))
        return exp.Case().when(grew, by).else_(array)

    def by_time(self, value: exp.Expr, time: exp.Expr, last: bool) -> exp.Expr:
        return sql.call("arg_max" if last else "arg_min", value, time)

    def elements(self, array: exp.Expr) -> exp.Expr:
        return sql.call("unnest", array)

    def elements_in_step(self, *arrays: exp.Expr) -> Sequence[exp.Expr]:
        return [self.elements(array) for array in arrays]

    def count_filled(self, array: exp.Expr) -> exp.Expr:
        filled = sql.call("count_if", exp.GT(this=sql.call("len", array), expression=exp.Literal.number(0)))
        return sql.call("coalesce", filled, exp.Literal.number(0))

    def count_distinct_elements(self, array: exp.Expr) -> exp.Expr:
        return sql.call(
            "coalesce", sql.call("list_unique", sql.call("flatten", sql.call("list", array))), exp.Literal.number(0)
        )


def _array(values: Sequence[exp.Expr]) -> exp.Expr:
    """Return an array of text or numbers; typed, so that an empty one fits too."""
    if not values:
        return exp.cast(exp.Array(expressions=[]), "VARCHAR[]")
    return exp.Array(expressions=list(values))
