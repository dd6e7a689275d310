"""The metric service: records of calls, process runs and queues, read-only (`docs/specifications/usage-metrics.md`
sections 3 and 6).
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from meterd.access import Caller
from meterd.api.http import Response
from meterd.api.usage.calls import Call
from meterd.api.usage.fields import columns_of, resolver, shown, shown_value
from meterd.api.usage.formats import format_response
from meterd.api.usage.item_service import build_information
from meterd.api.usage.listing import TOTAL
from meterd.api.usage.parameters import Parameters
from meterd.api.usage.providers import PROVIDERS, provider_named
from meterd.api.usage.selection import selection
from meterd.datasets import API_REQUESTS, PROCESS_RUNS, QUEUE_SAMPLES, Dataset
from meterd.errors import InvalidInput, NotFound
from meterd.query.engine import QueryEngine
from meterd.query.model import And, Compare, Comparison, Condition, Field, Group, Listing, Order, Query, Row, every

_DATASETS = {"api": API_REQUESTS, "process": PROCESS_RUNS, "message": QUEUE_SAMPLES}
"""Whose records a list has, by the `type` that it asks for; without one, calls."""
_NEWEST = (Order("ts", descending=True), Order("record_id", descending=True))
_ALL_TIME = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


class Metrics:
    """Answers the calls of the service for callers who may see the records. `maximum` is how many a list may have."""

    def __init__(self, engine: QueryEngine, maximum: int) -> None:
        self._engine = engine
        self._maximum = maximum

    async def get(self, call: Call) -> Response:
        """Build information at the root; below the release a function, one record, or a list."""
        resource, parameters = call.resource, call.parameters
        if (function := parameters.text("_function")) is not None:
            return format_response(await self.function(function, parameters), call.format)
        if resource.release is None:
            return format_response(build_information("metric"), call.format)
        if resource.id is not None:
            return format_response(await self.one(resource.id, parameters, call.caller), call.format)
        return await self.records(parameters, call.caller, call.format)

    async def function(self, name: str, parameters: Parameters) -> list[dict[str, str]]:
        """Return the metrics that a provider has. Raises `InvalidInput`."""
        if name != "listMetrics":
            raise InvalidInput(f"there is no function {name!r}: use listMetrics")
        provider = parameters.text("provider")
        if provider is None:
            raise InvalidInput(f"listMetrics needs the parameter provider: one of {', '.join(PROVIDERS)}")
        return [
            {"name": metric.name, "description": metric.description, "unit": metric.unit}
            for metric in provider_named(provider).metrics
        ]

    async def one(self, id_: str, parameters: Parameters, caller: Caller) -> dict[str, object]:
        """Answer with one record. Raises `NotFound`."""
        for dataset in _DATASETS.values():
            fields = columns_of(dataset)
            condition = Compare(Field("record_id"), Comparison.EQUAL, id_)
            listing = Listing(dataset, tuple(fields.values()), condition, _NEWEST, 1)
            if rows := await self._engine.facts(listing, caller):
                return parameters.projection().of(shown(fields, rows[0]))
        raise NotFound(f"there is no metric record {id_!r}")

    async def records(self, parameters: Parameters, caller: Caller, format_: str) -> Response:
        """Answer with records, newest first unless sorted, with how many match in `x-total-count`; or values of one
        field.
        """
        dataset = self._dataset(parameters)
        fields = columns_of(dataset)
        condition = await self._engine.shape(caller, selection, parameters, resolver(dataset)) or And(())
        if (distinct := parameters.text("_distinct")) is not None:
            column = self._column(dataset, distinct)
            values = await self._engine.run(_values(dataset, column, condition), caller)
            return await self._engine.shape(caller, lambda: format_response(_sorted(values), format_))
        order = tuple(Order(self._column(dataset, each.column), each.descending) for each in parameters.sort())
        limit, projection = parameters.limit(self._maximum), parameters.projection()
        (total,) = await self._engine.run(Query(dataset, *_ALL_TIME, condition=condition), caller)
        rows: list[tuple[object, ...]] = []
        if limit:
            columns = tuple(fields.values())
            listing = Listing(dataset, columns, condition, order or _NEWEST, limit, parameters.skip())
            rows = await self._engine.facts(listing, caller)

        def made() -> Response:
            records = [projection.of(shown(fields, row)) for row in rows]
            return format_response(records, format_, ((TOTAL, b"%d" % total.total),))

        return await self._engine.shape(caller, made)

    def _dataset(self, parameters: Parameters) -> Dataset:
        wanted = [value for name, value in parameters.simple_filters() if name == "type"]
        return _DATASETS.get(wanted[0], API_REQUESTS) if wanted else API_REQUESTS

    def _column(self, dataset: Dataset, field: str) -> str:
        fields = columns_of(dataset)
        if field not in fields:
            raise InvalidInput(f"records have no field {field!r}: use one of {', '.join(fields)}")
        return fields[field]


def _values(dataset: Dataset, column: str, condition: Condition) -> Query:
    return Query(dataset, *_ALL_TIME, groups=(Group("value", Field(column)),), condition=every(condition))


def _sorted(rows: Iterable[Row]) -> list[object]:
    values = {shown_value(row.values["value"]) for row in rows}
    return sorted((value for value in values if value is not None), key=_rank)


def _rank(value: object) -> tuple[bool, object]:
    """Order numbers in their order, before texts in theirs."""
    return isinstance(value, str), value
