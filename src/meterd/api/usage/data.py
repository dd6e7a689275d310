"""The data service: series that are fields of objects, read-only (`docs/specifications/usage-metrics.md` sections 7
and 8).
"""

from meterd.api.http import Response
from meterd.api.usage.calendars import Calendars
from meterd.api.usage.calls import Call
from meterd.api.usage.formats import format_response
from meterd.api.usage.item_service import build_information
from meterd.api.usage.listing import listed, page_of
from meterd.api.usage.objects import Objects
from meterd.api.usage.parameters import OF_DATA, OF_LISTS
from meterd.api.usage.stored import MAX_COMPUTED, StoredSeries, definition_of, definitions_of
from meterd.errors import NotFound
from meterd.query.engine import QueryEngine


class Data:
    """Answers the calls of the service for callers who may make them. `maximum` is how many definitions a list has."""

    def __init__(self, objects: Objects, engine: QueryEngine, calendars: Calendars, maximum: int) -> None:
        self._objects = objects.item_service
        self._series = StoredSeries(engine, calendars)
        self._engine = engine
        self._maximum = maximum

    async def get(self, call: Call) -> Response:
        """Build information at the root; below the release one series, by `OBJECT:FIELD`, or a list of them.

        A list has their definitions; with `_id` or `_range` it has their data, too.
        """
        parameters = call.parameters
        if call.resource.release is None:
            parameters.require_only((), "the root of the service")
            return format_response(build_information("data"), call.format)
        if call.resource.id is not None:
            parameters.require_only(("_project", *OF_DATA), "one series")
            shown = parameters.projection().of(await self._one(call, call.resource.id))
            return await self._engine.shape(call.caller, format_response, shown, call.format)
        ids = parameters.every("_id")
        objects = self._objects.each(call, {id_.rpartition(":")[0] for id_ in ids} or None)
        definitions = (definition for item in objects for definition in definitions_of(item))
        if parameters.text("_distinct") is None and (ids or parameters.text("_range") is not None):
            parameters.require_only((*OF_DATA, *OF_LISTS), "a list of series with their data", has_filters=True)
            page = await self._objects.scan_executor.run(call.caller, page_of, definitions, parameters, MAX_COMPUTED)
            return await self._series.page(call, page)
        parameters.require_of_list("series")
        return await self._objects.scan_executor.run(call.caller, listed, definitions, call, self._maximum)

    async def _one(self, call: Call, id_: str) -> dict[str, object]:
        item, colon, field = id_.rpartition(":")
        if not colon:
            raise NotFound(f"there is no series {id_!r}: ids of series are OBJECT:FIELD")
        definition = definition_of(await self._objects.one(call, item), field)
        if definition is None:
            raise NotFound(f"{item} has no series {field!r}")
        return await self._series.one(call, definition)
