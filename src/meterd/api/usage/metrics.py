"""The metric service: records of calls, process runs and queues, read-only (`docs/specifications/usage-metrics.md`
sections 3 and 6).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from meterd.access import Caller
from meterd.api.http import Response
from meterd.api.usage.calls import Call
from meterd.api.usage.fields import columns_of, resolver, shown, shown_value
from meterd.api.usage.formats import format_response
from meterd.api.usage.item_service import build_information
from meterd.api.usage.listing import TOTAL
from meterd.api.usage.page_ends import PageEnds, Place
from meterd.api.usage.parameters import OF_PAGES, Parameters
from meterd.api.usage.providers import PROVIDERS, provider_named
from meterd.api.usage.selection import selection
from meterd.datasets import API_REQUESTS, PROCESS_RUNS, QUEUE_SAMPLES
from meterd.errors import InvalidInput, NotFound
from meterd.ingest.facts import digest
from meterd.query.engine import QueryEngine
from meterd.query.folding import folded
from meterd.query.model import And, CombinedListing, Compare, Comparison, Field, Group, Or, Order, Part, Query, Row
from meterd.store import StoredRow

_DATASETS = (API_REQUESTS, PROCESS_RUNS, QUEUE_SAMPLES)
"""Whose records the list has."""
_COLUMNS = tuple(dict.fromkeys(column for dataset in _DATASETS for column in columns_of(dataset).values()))
_FIELDS = {field: column for dataset in _DATASETS for field, column in columns_of(dataset).items()}
_NEWEST = (Order("ts", descending=True), Order("record_id", descending=True))
_TIES = (*_NEWEST, *map(Order, ("environment", "subject", "subject_type")))
"""Records of an order that are equal: the newest first, and each in one place only."""
_ALL_TIME = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


class Metrics:
    """Answers the calls of the service for callers who may see the records. `maximum` is how many a list may have."""

    def __init__(self, engine: QueryEngine, maximum: int, page_ends: PageEnds) -> None:
        self._engine = engine
        self._maximum = maximum
        self._page_ends = page_ends

    async def get(self, call: Call) -> Response:
        """Build information at the root; below the release a function, one record, or a list."""
        resource, parameters = call.resource, call.parameters
        if (function := parameters.text("_function")) is not None:
            parameters.require_only(("_function", "provider"), "a function")
            return format_response(await self.function(function, parameters), call.format)
        if resource.release is None:
            parameters.require_only((), "the root of the service")
            return format_response(build_information("metric"), call.format)
        if resource.id is not None:
            parameters.require_only(("_project",), "one record")
            return format_response(await self.one(resource.id, parameters, call.caller), call.format)
        parameters.require_of_list("records")
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
        parts = [Part(dataset, Compare(Field("record_id"), Comparison.EQUAL, id_)) for dataset in _DATASETS]
        for row in await self._engine.combined(_listing(parts, (), 1), caller):
            return parameters.projection().of(_record(parts, row))
        raise NotFound(f"there is no metric record {id_!r}")

    async def records(self, parameters: Parameters, caller: Caller, format_: str) -> Response:
        """Answer with records, newest first unless sorted, with how many match in `x-total-count`; or values of one
        field.
        """
        parts = await self._engine.shape(caller, _parts, parameters)
        if (distinct := parameters.text("_distinct")) is not None:
            return await self._distinct(parts, distinct, parameters, caller, format_)
        order = tuple(Order(_column(each.column), each.descending) for each in parameters.sort())
        skip, limit, projection = parameters.skip(), parameters.limit(self._maximum), parameters.projection()
        total = 0
        for part in parts:
            (row,) = await self._engine.run(Query(part.dataset, *_ALL_TIME, condition=part.condition), caller)
            total += row.total
        rows: list[StoredRow] = []
        if limit and parts:
            key = _key(parameters, caller)
            begins = self._page_ends.beginning(key, skip)
            rows = await self._engine.combined(_listing(parts, order, limit, *begins), caller)
            if rows:
                self._page_ends.remember(key, skip + len(rows), rows[-1][len(_COLUMNS) :])

        def made() -> Response:
            records = [projection.of(_record(parts, row)) for row in rows]
            return format_response(records, format_, ((TOTAL, b"%d" % total),))

        return await self._engine.shape(caller, made)

    async def _distinct(
        self, parts: Sequence[Part], field: str, parameters: Parameters, caller: Caller, format_: str
    ) -> Response:
        """Answer with the values of a field, sorted: all of them, or a page."""
        column, skip = _column(field), parameters.skip()
        end = skip + parameters.limit(self._maximum) if parameters.text("_limit") is not None else None
        rows: list[Row] = []
        for part in parts:
            if column in part.dataset.by_name:
                rows += await self._engine.run(_values(part, column), caller)
        return await self._engine.shape(caller, lambda: format_response(_sorted(rows)[skip:end], format_))


def _parts(parameters: Parameters) -> list[Part]:
    """Return what is asked for of each dataset, without those of which it can be nothing."""
    conditions = ((dataset, selection(parameters, resolver(dataset)) or And(())) for dataset in _DATASETS)
    return [Part(dataset, condition) for dataset, condition in conditions if folded(condition) != Or(())]


def _listing(
    parts: Sequence[Part], order: tuple[Order, ...], limit: int, skip: int = 0, after: Place | None = None
) -> CombinedListing:
    return CombinedListing(tuple(parts), _COLUMNS, order or _NEWEST, _TIES, limit, skip, after)


def _record(parts: Sequence[Part], row: StoredRow) -> dict[str, object]:
    """Return a record as it is answered; the last value of its row says which part it is of."""
    return shown(parts[row[-1]].dataset, dict(zip(_COLUMNS, row, strict=False)))


def _key(parameters: Parameters, caller: Caller) -> bytes:
    """Return what tells a list from others: who asks for what in which order, whatever page of it."""
    sent = sorted(parameters.sent_without(*OF_PAGES, "_project"))
    return digest(caller.tenant, *caller.identity, *(text for each in sent for text in each))


def _column(field: str) -> str:
    if field not in _FIELDS:
        raise InvalidInput(f"records have no field {field!r}: use one of {', '.join(_FIELDS)}")
    return _FIELDS[field]


def _values(part: Part, column: str) -> Query:
    return Query(part.dataset, *_ALL_TIME, groups=(Group("value", Field(column)),), condition=part.condition)


def _sorted(rows: Iterable[Row]) -> list[object]:
    values = {shown_value(row.values["value"]) for row in rows}
    return sorted((value for value in values if value is not None), key=_rank)


def _rank(value: object) -> tuple[bool, object]:
    """Order numbers in their order, before texts in theirs."""
    return isinstance(value, str), value
