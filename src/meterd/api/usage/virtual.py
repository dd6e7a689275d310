"""Series made from the parameters of a call or from a stored definition (`docs/specifications/usage-metrics.md`
sections 7, 9 and 14).
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from meterd.access import Caller
from meterd.api.usage.errors import invalid
from meterd.api.usage.fields import resolver
from meterd.api.usage.observed import DEFAULT, Number, Observed, observed_named
from meterd.api.usage.parameters import Parameters
from meterd.api.usage.providers import Metric, Provider, metric_named, provider_named
from meterd.api.usage.selection import selection
from meterd.api.usage.series import Question, Series, series
from meterd.calendars.model import UTC_ZONE, Calendar
from meterd.calendars.ranges import Range, parse_range
from meterd.calendars.zones import local_time, zone_of
from meterd.datasets import Dataset
from meterd.errors import InvalidInput
from meterd.expressions.errors import ExpressionError
from meterd.filters.complete import filter_of, parse_filter
from meterd.query.engine import QueryEngine
from meterd.query.model import Compare, Comparison, Condition, Field, every

DEFAULT_CALENDAR = "#PT1H"
MISSING = "NaN"
"""What stands for an observation that has no value."""
TYPE = "VarMetricTimeSeries"

FindCalendar = Callable[[str], Awaitable[Calendar]]
"""A calendar by its code. Raises `InvalidInput`."""


class Level(msgspec.Struct, frozen=True):
    """Which calls an address selects: those of a service, and of one item of it."""

    service: str
    key: str | None = None


async def virtual_series(
    engine: QueryEngine, level: Level, parameters: Parameters, environment: str, find: FindCalendar, caller: Caller
) -> dict[str, object]:
    """Return the series that `_metric` and the parameters beside it ask for.

    Raises `InvalidInput` naming the parameter.
    """
    provider, metric = _metric(parameters.text("_metric") or "")
    code = parameters.text("_calendar") or DEFAULT_CALENDAR
    observed = observed_named(parameters.text("_observed") or DEFAULT)
    condition = every(
        _is(provider.dataset, "service", level.service) if provider.has_levels else None,
        _is(provider.dataset, "key", level.key) if provider.has_levels and level.key is not None else None,
        await engine.shape(caller, selection, parameters, resolver(provider.dataset)),
    )
    question = Question(
        provider,
        metric,
        await find(code),
        observed,
        range_of(parameters),
        every(_is(provider.dataset, "environment", environment), condition),
        is_scaled(parameters),
    )
    shown = {"_type": "VarTimeSeries", "_id": f"{provider.name}/{metric.name}", "calendar": code, "units": metric.unit}
    return await answered(engine, question, shown, caller)


async def stored_series(
    engine: QueryEngine,
    definition: Mapping[str, object],
    parameters: Parameters,
    environment: str,
    find: FindCalendar,
    caller: Caller,
) -> dict[str, object]:
    """Return the series of a field of an object, which `check_series` has accepted. Raises `InvalidInput`."""
    defined = await engine.shape(caller, definition_read, definition)
    question = msgspec.structs.replace(
        await defined.question(find), range=range_of(parameters), scaling=is_scaled(parameters)
    )
    in_environment = _is(question.provider.dataset, "environment", environment)
    question = msgspec.structs.replace(question, condition=every(in_environment, question.condition))
    return await answered(engine, question, definition, caller, defined.zone)


class Definition(msgspec.Struct, frozen=True):
    """A stored series, read; its calendar is still a code."""

    provider: Provider
    metric: Metric
    calendar: str
    observed: Observed
    condition: Condition | None
    zone: ZoneInfo = UTC_ZONE

    async def question(self, find: FindCalendar) -> Question:
        """Return what it asks for, over all time. Raises `InvalidInput` when there is no such calendar."""
        calendar = await find(self.calendar)
        return Question(self.provider, self.metric, calendar, self.observed, Range(), self.condition)


def definition_read(definition: Mapping[str, object]) -> Definition:
    """Read a definition. Raises `InvalidInput` naming the property."""
    texts = {}
    for name, default in (("provider", None), ("metric", None), ("calendar", DEFAULT_CALENDAR), ("observed", DEFAULT)):
        value = definition.get(name, default)
        if not isinstance(value, str):
            raise InvalidInput(f"{name} must be a text" if value is not None else f"{name} is required")
        texts[name] = value
    provider = provider_named(texts["provider"])
    metric = metric_named(provider, texts["metric"])
    queue = _property(definition, "queue")
    condition = every(
        _filter(definition.get("filter"), provider.dataset),
        _is(provider.dataset, "queue", queue) if queue is not None and "queue" in provider.dataset.by_name else None,
    )
    observed = observed_named(texts["observed"])
    return Definition(provider, metric, texts["calendar"], observed, condition, zone_defined(definition))


def zone_defined(definition: Mapping[str, object]) -> ZoneInfo:
    """Return the zone in which a series is cut and shown; UTC without one. Raises `InvalidInput`."""
    name = definition.get("timezone")
    if name is None:
        return UTC_ZONE
    if not isinstance(name, str):
        raise InvalidInput("timezone must be a text")
    try:
        return zone_of(name)
    except ValueError as error:
        raise InvalidInput(f"timezone: {error}") from None


def range_of(parameters: Parameters) -> Range:
    """Return the range that is asked for; everything by default. Raises `InvalidInput` with the place of a mistake."""
    text = parameters.text("_range")
    try:
        return Range() if text is None else parse_range(text, datetime.now(UTC))
    except ExpressionError as error:
        raise invalid(error) from None


def is_scaled(parameters: Parameters) -> bool:
    text = parameters.text("_scaling")
    if text not in (None, "0", "1"):
        raise InvalidInput(f"_scaling must be 0, never, or 1, when the series is long; got {text!r}")
    return text != "0"


async def answered(
    engine: QueryEngine, question: Question, shown: Mapping[str, object], caller: Caller, zone: ZoneInfo = UTC_ZONE
) -> dict[str, object]:
    """Return the series as JSON has it, with the members that it has; times are those of the zone."""
    made = await series(engine, question, caller)
    return await engine.shape(caller, _described, question, made, shown, zone)


def _described(question: Question, made: Series, shown: Mapping[str, object], zone: ZoneInfo) -> dict[str, object]:
    data = [{"time": _time(time, zone), "value": _shown(value)} for time, value in made.observations]
    described = {
        "description": "",
        "valueType": "BASIC",
        "dataType": "any",
        "properties": {},
        **shown,
        "timezone": zone.key,
        "start": data[0]["time"] if data else "",
        "observed": question.observed.name,
        "scaling": made.scaled,
        "data": data,
    }
    return {name: described[name] for name in sorted(described, key=_place)}


_ORDER = (
    "_type",
    "_id",
    "name",
    "description",
    "start",
    "calendar",
    "currency",
    "units",
    "timezone",
    "tenor",
    "source",
    "observed",
    "scaling",
    "valueType",
    "dataType",
    "precision",
    "properties",
)


def _place(member: str) -> int:
    """Put members in the order of section 14, the data last."""
    if member == "data":
        return len(_ORDER) + 1
    return _ORDER.index(member) if member in _ORDER else len(_ORDER)


def _metric(text: str) -> tuple[Provider, Metric]:
    provider, slash, metric = text.partition("/")
    if not slash or "/" in metric:
        raise InvalidInput(f"_metric must be PROVIDER/METRIC, such as ODSLRequest/ReadRequests, got {text!r}")
    known = provider_named(provider)
    return known, metric_named(known, metric)


def _is(dataset: Dataset, column: str, value: str) -> Condition:
    assert column in dataset.by_name  # of a provider with levels, or looked at before
    return Compare(Field(column), Comparison.EQUAL, value)


def _filter(filter_: object, dataset: Dataset) -> Condition | None:
    """Return a filter as an object, or as text with or without a leading question mark."""
    try:
        match filter_:
            case None | "":
                return None
            case str():
                return parse_filter(filter_, resolver(dataset))
            case dict():
                return filter_of(filter_, resolver(dataset))
    except ExpressionError as error:
        raise invalid(error) from None
    raise InvalidInput(f"filter must be an object or a text, got {json.dumps(filter_)[:100]}")


def _property(definition: Mapping[str, object], name: str) -> str | None:
    properties = definition.get("properties") or {}
    if not isinstance(properties, dict):
        raise InvalidInput("properties must be an object")
    value = properties.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"properties.{name} must be a text")
    return value


def _time(time: datetime, zone: ZoneInfo) -> str:
    return local_time(time, zone).isoformat(timespec="seconds")


def _shown(value: Number | None) -> Number | str:
    return MISSING if value is None else value
