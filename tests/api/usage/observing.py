"""What a series must be: a slow and obvious computation from raw records, written from the specification alone.

Only the calendar's `indexes` and `coarser` are taken from the package; they have tests of their own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

from meterd.calendars.codes import calendar_for
from meterd.calendars.model import Calendar

Observation = tuple[datetime, int | float | None]
Record = tuple[datetime, int | float]
"""When it was taken, and its value."""

SPARSE = calendar_for("SPARSE")


def observe(records: Iterable[Record], calendar: Calendar, observed: str) -> list[Observation]:
    """Sections 10, 11 and 14: one observation for each index from the first to the last that has records."""
    buckets: dict[datetime, list[int | float]] = {}
    for time, value in sorted(records):
        buckets.setdefault(bucket_of(time, calendar), []).append(value)
    if not buckets:
        return []
    indexes = sorted(buckets) if calendar == SPARSE else calendar.indexes(min(buckets), max(buckets))
    return [(index, aggregate(buckets[index], observed) if index in buckets else None) for index in indexes]


def scaled(records: Sequence[Record], calendar: Calendar, observed: str, threshold: int) -> tuple[Any, int]:
    """Section 15: the observations, from a coarser calendar for as long as there are too many, and how many steps.

    Without a grid, records count.
    """
    steps = 0
    observations = observe(records, calendar, observed)
    while len(records if calendar == SPARSE else observations) > threshold and calendar.coarser:
        calendar, steps = calendar.coarser, steps + 1
        observations = observe(records, calendar, observed)
    return observations, steps


def bucket_of(time: datetime, calendar: Calendar) -> datetime:
    """The greatest index that is not after the time, found by walking along the calendar."""
    if calendar == SPARSE:
        return time.replace(microsecond=0)
    lead = timedelta(hours=1)
    while not (before := list(calendar.indexes(time - lead, time))):
        lead *= 3
    return before[-1]


def aggregate(values: Sequence[int | float], observed: str) -> int | float:
    """One value from those of a bucket in time order: section 11."""
    exact = [Fraction(value) for value in values]
    match observed:
        case "summed":
            result = sum(exact, Fraction(0))
        case "averaged":
            result = sum(exact, Fraction(0)) / len(exact)
        case "high":
            result = max(exact)
        case "low":
            result = min(exact)
        case "beginning":
            result = exact[0]
        case "delta":
            result = exact[-1] - exact[0]
        case _:
            result = exact[-1]
    return six_decimals(result)


def six_decimals(number: Fraction) -> int | float:
    """Rounded half up, without a fraction when it is whole."""
    with localcontext(prec=60):
        decimal = (Decimal(number.numerator) / Decimal(number.denominator)).quantize(Decimal("1e-6"), ROUND_HALF_UP)
    return int(decimal) if decimal == decimal.to_integral_value() else float(decimal)
