"""ClickHouse's SQL, for versions from 25 on.

Facts are read with `FINAL`: what was stored twice counts once. Times are counted in microseconds, as its own functions
for the begin of days and months have no times after 2149 or before 1970.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlglot import exp

from meterd.datasets import Kind
from meterd.query import sql
from meterd.query.buckets import EPOCH, Interval, Unit
from meterd.query.clickhouse_arrays import Arrays, part
from meterd.query.model import TextTest, Value

_MICROSECOND = timedelta(microseconds=1)
_MONTHS = {Unit.MONTH: 1, Unit.YEAR: 12}
_FLAGS = {TextTest.HAS_MATCH: "(?-s)", TextTest.HAS_MATCH_OF_ANY_CASE: "(?i-s)"}
"""Of regular expressions, which otherwise have a dot match the end of a line."""


class ClickHouse(Arrays):
    name = "clickhouse"

    def table(self, name: str) -> exp.Expr:
        return exp.Final(this=exp.to_table(name))

    def bound(self, value: Value) -> object:
        """Return times as microseconds, so that they depend on nobody's zone."""
        return (value.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND if isinstance(value, datetime) else value

    def parameter(self, number: int, value: Value) -> exp.Expr:
        placeholder = exp.Placeholder(this=f"p{number}", kind=exp.var(_type_of(value)))
        return _instant(placeholder) if isinstance(value, datetime) else placeholder

    def time(self, parameter: exp.Expr) -> exp.Expr:
        return parameter

    def absent(self, kind: Kind) -> exp.Expr:
        """Return null; of what has no null, what is stored instead."""
        match kind:
            case Kind.TEXTS:
                return sql.call("emptyArrayString")
            case Kind.NUMBERS:
                return sql.call("emptyArrayFloat64")
            case Kind.TEXT_MAP:
                return sql.call("CAST", sql.call("map"), exp.Literal.string("Map(String, String)"))
        return exp.Null()

    def with_fractions(self, column: exp.Expr) -> exp.Expr:
        return sql.call("toFloat64", column)

    def nowhere(self) -> exp.Expr:
        return sql.call("CAST", exp.Null(), exp.Literal.string("Nullable(UInt64)"))

    def bucket(self, time: exp.Expr, interval: Interval) -> exp.Expr:
        if interval.unit in _MONTHS:
            return _months(time, interval.count * _MONTHS[interval.unit])
        origin = (interval.origin - EPOCH) // _MICROSECOND
        width = timedelta(seconds=interval.count * interval.unit.value) // _MICROSECOND
        at = sql.call("toUnixTimestamp64Micro", time)
        since = exp.Sub(this=at.copy(), expression=exp.Literal.number(origin)) if origin else at.copy()
        return _instant(exp.Sub(this=at, expression=sql.call("positiveModulo", since, exp.Literal.number(width))))

    def numbered_bucket(self, time: exp.Expr, interval: Interval, first: datetime) -> tuple[exp.Expr, exp.Expr]:
        return self.bucket(time, interval), self.bucket(time.copy(), interval)

    def later(self, time: exp.Expr, seconds: int) -> exp.Expr:
        return sql.call("addSeconds", time, exp.Literal.number(seconds)) if seconds else time

    def latest(self, *times: exp.Expr) -> exp.Expr:
        return sql.call("greatest", *times)

    def aggregate(self, function: type[exp.AggFunc], value: exp.Expr) -> exp.Expr:
        match function:
            case exp.Sum:
                return _whole_sum(value)
            case exp.Avg:
                return _share(sql.call("toFloat64", _whole_sum(value)), value)
            case exp.Min:
                return sql.call("minOrNull", value)
            case exp.Max:
                return sql.call("maxOrNull", value)
        return function(this=value)

    def count_distinct(self, value: exp.Expr, has_fractions: bool) -> exp.Expr:
        """Count different values, of which a negative zero is none."""
        if has_fractions:
            value = exp.Add(this=value, expression=exp.Literal.number("0.0"))
        return sql.call("uniqExact", value)

    def exact_sum(self, value: exp.Expr) -> exp.Expr:
        return sql.call("sumKahanOrNull", value)

    def exact_average(self, value: exp.Expr) -> exp.Expr:
        return _share(self.exact_sum(value), value)

    def percentiles(self, value: exp.Expr, fractions: Sequence[float]) -> exp.Expr:
        wanted = [exp.Literal.number(fraction) for fraction in fractions]
        return exp.ParameterizedAgg(this="quantilesExactInclusive", expressions=wanted, params=[value])

    def histogram(self, value: exp.Expr, bounds: Sequence[exp.Expr]) -> exp.Expr:
        """Count by bounds that are found by halving: the greatest of the negative ones not above a negative value."""
        opposite = exp.Array(expressions=[exp.var("-inf"), *(exp.Neg(this=bound) for bound in reversed(bounds))])
        number = sql.call("assumeNotNull", sql.call("toFloat64", value))
        bound = exp.Neg(this=sql.call("roundDown", exp.Neg(this=number), opposite))
        one = sql.call("toUInt64", exp.Literal.number(1))
        counted = sql.call(
            "sumMapIf", exp.Array(expressions=[bound]), exp.Array(expressions=[one]), sql.not_null(value.copy())
        )
        return sql.call("mapFromArrays", part(counted, 1), part(counted.copy(), 2))

    def map_value(self, column: exp.Expr, key: exp.Expr) -> exp.Expr:
        is_there = sql.call("mapContains", column, key)
        return sql.call("if", is_there, sql.call("arrayElement", column.copy(), key.copy()), exp.Null())

    def json_path(self, path: Sequence[str]) -> Sequence[str]:
        return path

    def json_text(self, document: exp.Expr, path: Sequence[exp.Expr]) -> exp.Expr:
        """Return texts as they are, and numbers with fractions so that they are seen to be such."""
        text = sql.call("ifNull", document, exp.Literal.string(""))
        kind, written, plain = (
            sql.call(function, text.copy(), *(name.copy() for name in path))
            for function in ("JSONType", "JSONExtractRaw", "JSONExtractString")
        )
        whole, with_point = exp.Literal.string("^-?[0-9]+$"), exp.Literal.string("\\0.0")
        number = sql.call("replaceRegexpOne", written.copy(), whole, with_point)
        return sql.call(
            "multiIf",
            exp.EQ(this=kind, expression=exp.Literal.string("Null")),
            exp.Null(),
            exp.EQ(this=kind.copy(), expression=exp.Literal.string("String")),
            plain,
            exp.EQ(this=kind.copy(), expression=exp.Literal.string("Double")),
            number,
            written,
        )

    def text_test(self, test: TextTest, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        match test:
            case TextTest.CONTAINS:
                return exp.GT(this=sql.call("position", value, text), expression=exp.Literal.number(0))
            case TextTest.STARTS_WITH:
                return sql.call("startsWith", value, text)
            case TextTest.ENDS_WITH:
                return sql.call("endsWith", value, text)
        return sql.call("match", value, sql.call("concat", exp.Literal.string(_FLAGS[test]), text))

    def size(self, text: exp.Expr, is_array: bool) -> exp.Expr:
        """Count bytes; of an array with what separates its texts."""
        if not is_array:
            return sql.call("ifNull", sql.call("length", text), exp.Literal.number(0))
        separated = exp.Add(this=sql.call("length", exp.column("element")), expression=exp.Literal.number(2))
        return sql.call(
            "greatest", sql.call("arraySum", sql.function("element", separated), text), exp.Literal.number(2)
        )

    def previous(self, value: exp.Expr, is_array: bool, by: Sequence[exp.Expr], order: Sequence[exp.Expr]) -> exp.Expr:
        """Return the value before; of arrays, which have no null, the one before that has elements."""
        last = (
            sql.call("anyLastIf", value, sql.call("notEmpty", value.copy())) if is_array else sql.call("anyLast", value)
        )
        return exp.Window(
            this=last,
            partition_by=list(by),
            order=exp.Order(expressions=[sql.ordered(each) for each in order]),
            spec=exp.WindowSpec(
                kind="ROWS",
                start="UNBOUNDED",
                start_side="PRECEDING",
                end=exp.Literal.number(1),
                end_side="PRECEDING",
            ),
        )

    def by_time(self, value: exp.Expr, time: exp.Expr, last: bool) -> exp.Expr:
        return sql.call("argMaxOrNull" if last else "argMinOrNull", value, time)


def _type_of(value: Value) -> str:
    match value:
        case bool():
            return "Bool"
        case datetime():
            return "Int64"
        case int():
            return "Int64" if -(2**63) <= value < 2**63 else "UInt64" if 0 <= value < 2**64 else "Int256"
        case float():
            return "Float64"
    return "String"


def _instant(microseconds: exp.Expr) -> exp.Expr:
    return sql.call("fromUnixTimestamp64Micro", microseconds, exp.Literal.string("UTC"))


def _months(time: exp.Expr, count: int) -> exp.Expr:
    """Return the start of the so many months that a time is in, in any year: `toRelativeMonthNum` has 16 bits."""
    epoch = _instant(exp.Literal.number(0))
    number: exp.Expr = sql.call("dateDiff", exp.Literal.string("month"), epoch, time)
    if count > 1:
        within = sql.call("positiveModulo", number.copy(), exp.Literal.number(count))
        number = exp.Sub(this=number, expression=within)
    return sql.call("addMonths", epoch.copy(), number)


def _whole_sum(value: exp.Expr) -> exp.Expr:
    return sql.call("sumOrNull", sql.call("toInt128", value))


def _share(total: exp.Expr, value: exp.Expr) -> exp.Expr:
    """Divide a total by the number of the values, null for none."""
    return exp.Div(this=total, expression=exp.Count(this=value.copy()))
