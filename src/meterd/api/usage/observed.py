"""How the values of a bucket become one observation (`docs/specifications/usage-metrics.md` section 11).

The store sums values up by cells, which are finer than buckets or equal; `fold` makes one value of a bucket's cells.
"""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

import msgspec

from meterd.errors import InvalidInput
from meterd.query.model import Function

Number = int | float

_PLACES = Decimal("0.000001")


class Cell(NamedTuple):
    """The store's result for one cell: how many records, and the aggregates asked for, in their order."""

    records: int
    values: tuple[Number, ...]


class Observed(msgspec.Struct, frozen=True):
    """A way to observe: the aggregates of each cell, and from a bucket's cells, in time order, to the observation."""

    name: str
    functions: tuple[Function, ...]
    fold: Callable[[Sequence[Cell]], Number]
    of_ones: Callable[[int], Number]
    """The observation of so many records that each have the value 1."""


def _column(index: int) -> Callable[[Sequence[Cell]], list[Number]]:
    return lambda cells: [cell.values[index] for cell in cells]


_first, _second = _column(0), _column(1)

OBSERVED = {
    observed.name: observed
    for observed in (
        Observed("summed", (Function.SUM,), lambda cells: sum(_first(cells)), lambda count: count),
        Observed(
            "averaged",
            (Function.SUM, Function.COUNT),
            lambda cells: sum(_first(cells)) / sum(_second(cells)),
            lambda _: 1,
        ),
        Observed("high", (Function.MAXIMUM,), lambda cells: max(_first(cells)), lambda _: 1),
        Observed("low", (Function.MINIMUM,), lambda cells: min(_first(cells)), lambda _: 1),
        Observed("beginning", (Function.FIRST,), lambda cells: _first(cells)[0], lambda _: 1),
        Observed("end", (Function.LAST,), lambda cells: _first(cells)[-1], lambda _: 1),
        Observed(
            "delta", (Function.FIRST, Function.LAST), lambda cells: _second(cells)[-1] - _first(cells)[0], lambda _: 0
        ),
        Observed("none", (Function.LAST,), lambda cells: _first(cells)[-1], lambda _: 1),
    )
}
DEFAULT = "end"
_ALIASES = {"sum": "summed"}


def observed_named(name: str) -> Observed:
    """Find a metric. Raises `InvalidInput` with what there is."""
    found = OBSERVED.get(_ALIASES.get(name, name))
    if found is None:
        raise InvalidInput(f"_observed must be one of {', '.join(OBSERVED)}, got {name!r}")
    return found


def rounded(value: Number) -> Number:
    """Round to six decimals, half up; whole numbers without a fraction."""
    if isinstance(value, int) or value.is_integer():
        return int(value)
    number = float(Decimal(repr(value)).quantize(_PLACES, ROUND_HALF_UP)) if abs(value) < 2**53 else value
    return int(number) if number.is_integer() else number
