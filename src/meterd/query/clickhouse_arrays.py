"""ClickHouse's SQL for arrays: of texts, and of the counts of distributions."""

from collections.abc import Sequence

from sqlglot import exp

from meterd.query import sql


class Arrays:
    def tag_value(self, array: exp.Expr, prefix: exp.Expr, start: int) -> exp.Expr:
        begins = sql.function("tag", sql.call("startsWith", exp.column("tag"), prefix))
        return sql.call("substringUTF8", sql.call("arrayFirstOrNull", begins, array), exp.Literal.number(start))

    def has_any(self, array: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr:
        return sql.call("hasAny", array, _texts(values))

    def has_all(self, array: exp.Expr, elements: exp.Expr) -> exp.Expr:
        return sql.call("hasAll", array, elements)

    def collected(self, value: exp.Expr) -> exp.Expr:
        return sql.call("groupArray", value)

    def length(self, array: exp.Expr) -> exp.Expr:
        return sql.call("length", array)

    def only(self, array: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr:
        is_one = sql.function("element", sql.call("has", _texts(values), exp.column("element")))
        return sql.call("arrayDistinct", sql.call("arrayFilter", is_one, array))

    def element(self, array: exp.Expr, place: int) -> exp.Expr:
        return sql.call("arrayElement", array, exp.Literal.number(place + 1))

    def sorted(self, array: exp.Expr) -> exp.Expr:
        return sql.call("arraySort", array)

    def increases(self, array: exp.Expr, previous: exp.Expr) -> exp.Expr:
        """Subtract the numbers before; where there are none, zeros."""
        padded = sql.call("arrayResize", previous, sql.call("length", array), exp.Literal.number(0))
        now, before = exp.column("now"), exp.column("before")
        fell = sql.function("now", "before", exp.LT(this=now, expression=before))
        by = sql.function("now", "before", exp.Sub(this=now.copy(), expression=before.copy()))
        return sql.call(
            "if",
            sql.call("arrayExists", fell, array.copy(), padded),
            array,
            sql.call("arrayMap", by, array.copy(), padded.copy()),
        )

    def elements(self, array: exp.Expr) -> exp.Expr:
        return sql.call("arrayJoin", array)

    def elements_in_step(self, *arrays: exp.Expr) -> Sequence[exp.Expr]:
        """Join one array of tuples: the same expression is joined once, wherever it stands in a SELECT."""
        tuples = sql.call("arrayJoin", sql.call("arrayZipUnaligned", *arrays))
        return [part(tuples.copy(), number + 1) for number in range(len(arrays))]

    def count_filled(self, array: exp.Expr) -> exp.Expr:
        return sql.call("countIf", sql.call("notEmpty", array))

    def count_distinct_elements(self, array: exp.Expr) -> exp.Expr:
        return sql.call("uniqExactArray", array)


def _texts(values: Sequence[exp.Expr]) -> exp.Expr:
    return exp.Array(expressions=list(values)) if values else sql.call("emptyArrayString")


def part(tuple_: exp.Expr, number: int) -> exp.Expr:
    """Return a part of a tuple, counted from 1."""
    return sql.call("tupleElement", tuple_, exp.Literal.number(number))
