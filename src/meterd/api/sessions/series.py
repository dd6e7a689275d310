"""`/api/timeseries`: a metric over sessions (`docs/specifications/sessions.md` section 11)."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from meterd.access import Caller
from meterd.api.sessions.parameters import MAX_LIMIT, Parameters
from meterd.api.sessions.rows import stamp
from meterd.api.sessions.selecting import SELECTION, Selected, Selector, wanted
from meterd.datasets import SESSION_METRICS
from meterd.errors import InvalidInput, TooLarge
from meterd.query.engine import QueryEngine
from meterd.query.model import (
    Aggregate,
    And,
    Compare,
    Comparison,
    Condition,
    Field,
    Function,
    Group,
    IsNull,
    Listing,
    OneOf,
    Order,
    Query,
)
from meterd.store import StoredRow

AGGREGATIONS = {"all": None, "peak": Function.MAXIMUM, "average": Function.AVERAGE, "min": Function.MINIMUM}
"""What is made of the points of a session; None: all of them."""
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


class SeriesPoint(msgspec.Struct, frozen=True):
    timestamp: str
    value: float
    session_id: str


class Series(msgspec.Struct, frozen=True):
    """Points in the order of time, null when there are none, and the highest, mean and lowest of their values."""

    metric_name: str
    points: list[SeriesPoint] | None
    peak: float
    average: float
    min: float
    sessions_matched: int
    aggregation_type: str


class SeriesReader:
    """Answers requests for series."""

    def __init__(self, selector: Selector, engine: QueryEngine) -> None:
        self._selector = selector
        self._engine = engine

    async def series(self, query_string: str, caller: Caller) -> Series:
        """Return the points of a metric of the sessions that are asked for.

        Raises:
            InvalidInput: a parameter is wrong, or `metric` is missing.
            TooLarge: there are too many points.
        """
        parameters = Parameters(query_string, SELECTION | {"metric", "aggregation"})
        metric = parameters.text("metric")
        if not metric:
            raise InvalidInput("metric parameter required: the name of a metric")
        aggregation = parameters.choice("aggregation", AGGREGATIONS) or "all"
        selected = await self._selector.select(wanted(parameters), caller)
        points = await self._points(metric, AGGREGATIONS[aggregation], selected, caller)
        return _summed_up(metric, points, len(selected.sessions), aggregation)

    async def _points(
        self, metric: str, function: Function | None, selected: Selected, caller: Caller
    ) -> list[SeriesPoint]:
        if not selected.sessions:
            return []
        conditions: tuple[Condition, ...] = (
            Compare(Field("name"), Comparison.EQUAL, metric),
            OneOf(Field("session_id"), tuple(session.id for session in selected.sessions)),
            IsNull(Field("value"), negated=True),
        )
        if function is None:
            return await self._all(And(conditions), caller)
        aggregate = Aggregate("value", function, Field("value"))
        groups = (Group("session", Field("session_id")),)
        query = Query(SESSION_METRICS, _FIRST, _LAST, groups, (aggregate,), And(conditions))
        values = {row.values["session"]: row.values["value"] for row in await self._engine.run(query, caller)}
        return [
            SeriesPoint(stamp(session.created_at), value, session.id)
            for session in reversed(selected.sessions)
            if isinstance(value := values.get(session.id), float)
        ]

    async def _all(self, condition: Condition, caller: Caller) -> list[SeriesPoint]:
        columns, order = ("ts", "sent_at", "value", "session_id"), (Order("ts"), Order("position"))
        listing = Listing(SESSION_METRICS, columns, condition, order, MAX_LIMIT + 1)
        rows = await self._engine.facts(listing, caller)
        if len(rows) > MAX_LIMIT:
            raise TooLarge(
                f"the series has more than {MAX_LIMIT} points: ask for sessions of a shorter time, with from and to, "
                "or for one point of each, with aggregation=peak, average or min"
            )
        return await self._engine.shape(caller, _shown, rows)


def _shown(rows: Sequence[StoredRow]) -> list[SeriesPoint]:
    return [SeriesPoint(sent_at or stamp(time), value, id_) for time, sent_at, value, id_ in rows]


def _summed_up(metric: str, points: list[SeriesPoint], sessions: int, aggregation: str) -> Series:
    values = [point.value for point in points] or [0.0]
    average = sum(value / len(values) for value in values)
    return Series(metric, points or None, max(values), average, min(values), sessions, aggregation)
