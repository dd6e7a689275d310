"""Histograms of measures: how many values are in each of some bins, which are the same in all rows of an answer.

The engine is asked for the extent of each measure first. Edges have equal ratios, from the power of ten at or below the
least value above zero to the one at or above the greatest, so that they stay where they are while facts come in. A bin
has its upper edge, the first its lower one too. Values of zero and below are in a bin of their own.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from meterd.query.model import Aggregate, Function, HistogramBin, Query, Row

LARGEST = 1e300
"""Values beyond it, or its inverse, are counted in the outermost bins."""

Bounds = tuple[float | None, float]
"""The edges of a bin; the one of zero and below has no lower edge."""


def extents(query: Query) -> Query | None:
    """Return the query for the extents of what is to be counted in bins, if anything is."""
    measured = {each.operand: None for each in query.aggregates if each.function is Function.HISTOGRAM}
    if not measured:
        return None
    functions = (Function.MINIMUM, Function.LEAST_POSITIVE, Function.MAXIMUM)
    aggregates = tuple(
        Aggregate(f"{function.value} {number}", function, operand)
        for number, operand in enumerate(measured)
        for function in functions
    )
    return msgspec.structs.replace(
        query, groups=(), aggregates=aggregates, interval=None, ranking=None, has_totals=False
    )


def with_bins(query: Query, extent: Row) -> Query:
    """Return the query with the bins of its histograms, as the row of their extents has it."""
    found: list[Any] = list(extent.values.values())  # numbers or null
    measured = list(dict.fromkeys(each.operand for each in query.aggregates if each.function is Function.HISTOGRAM))
    aggregates = []
    for each in query.aggregates:
        if each.function is Function.HISTOGRAM:
            place = 3 * measured.index(each.operand)
            each = msgspec.structs.replace(each, bins=bins_of(each.bin_count, *found[place : place + 3]))
        aggregates.append(each)
    return msgspec.structs.replace(query, aggregates=tuple(aggregates))


def bins_of(
    count: int, least: float | None, least_positive: float | None, greatest: float | None
) -> tuple[Bounds, ...]:
    """Return so many bins, and the one of zero and below if there are such values; none without values."""
    bins: list[Bounds] = [(None, 0.0)] if least is not None and least <= 0 else []
    if least_positive is not None and greatest is not None:
        first, last = _exponent_below(least_positive), _exponent_above(greatest)
        last = max(last, first + 1)
        edges = [10.0 ** ((first * (count - number) + last * number) / count) for number in range(count + 1)]
        bins += pairwise(edges)
    return tuple(bins)


def _exponent_below(value: float) -> int:
    within = _within(value)
    exponent = math.floor(math.log10(within))
    return exponent - (10.0**exponent > within)


def _exponent_above(value: float) -> int:
    within = _within(value)
    exponent = math.ceil(math.log10(within))
    return exponent + (10.0**exponent < within)


def _within(value: float) -> float:
    return min(max(value, 1 / LARGEST), LARGEST)


def counted(bins: Sequence[Bounds], counts: Mapping[float, int] | None) -> list[HistogramBin]:
    """Return the bins of a row with their counts, which the engine has by upper edges.

    What came in after the extents were asked for may be beyond the last edge: it is in the last bin.
    """
    found = counts or {}
    last = {bins[-1][1]: found.get(math.inf, 0)} if bins else {}
    return [HistogramBin(lower, upper, found.get(upper, 0) + last.get(upper, 0)) for lower, upper in bins]
