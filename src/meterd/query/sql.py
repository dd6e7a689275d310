"""Pieces of SQL, as sqlglot expressions."""

from collections.abc import Sequence

from sqlglot import exp


def select(columns: Sequence[exp.Expr], source: exp.Expr, conditions: Sequence[exp.Expr] = ()) -> exp.Select:
    """Build a SELECT of the expressions themselves: copies at each step would cost the square of their number."""
    select = exp.select(*columns, copy=False).from_(source, copy=False)
    return select.where(exp.and_(*conditions, copy=False), copy=False) if conditions else select


def subquery(
    columns: Sequence[exp.Expr], source: exp.Expr, name: str, conditions: Sequence[exp.Expr] = ()
) -> exp.Subquery:
    return select(columns, source, conditions).subquery(name, copy=False)


def named(expression: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(expression, name, copy=False)


def call(function: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=function, expressions=list(arguments))


def function(*parts: str | exp.Expr) -> exp.Expr:
    """Build a function: of the names that come first, the expression that comes last."""
    *names, result = parts
    assert isinstance(result, exp.Expr)
    return exp.Lambda(this=result, expressions=[exp.to_identifier(str(name)) for name in names])


def column(name: str) -> exp.Expr:
    return exp.column(name)


def ordered(expression: exp.Expr, descending: bool = False) -> exp.Expr:
    return exp.Ordered(this=expression, desc=descending, nulls_first=False)


def is_null(expression: exp.Expr) -> exp.Expr:
    return exp.Is(this=expression, expression=exp.Null())


def not_null(expression: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=expression, expression=exp.Null()))


def known(condition: exp.Expr) -> exp.Expr:
    """Return a condition that is false where the given one is unknown."""
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def negated(expression: exp.Expr, negated: bool) -> exp.Expr:
    return exp.Not(this=exp.paren(expression, copy=False)) if negated else expression
