"""The object service (`docs/specifications/usage-metrics.md` section 8)."""

from meterd.api.http import Response
from meterd.api.usage.calendars import Calendars
from meterd.api.usage.calls import Call
from meterd.api.usage.formats import response
from meterd.api.usage.listing import Page, page_of
from meterd.api.usage.scans import Scans
from meterd.api.usage.shelf import Shelf
from meterd.api.usage.stored import MAX_COMPUTED, StoredSeries, check_series, definition_of
from meterd.errors import NotFound
from meterd.metadata import Items
from meterd.query.engine import QueryEngine


class Objects:
    """Answers the calls of the service for callers who may make them.

    Args:
        max_bytes: of a body, and of an object.
        maximum: objects of a list.
    """

    def __init__(
        self, items: Items, engine: QueryEngine, calendars: Calendars, max_bytes: int, maximum: int, scans: Scans
    ) -> None:
        self.shelf = Shelf(items, "object", "#Object", {}, max_bytes, maximum, scans)
        self._calendars = calendars
        self._engine = engine
        self._series = StoredSeries(engine, calendars)

    async def get(self, call: Call) -> Response:
        """What the shelf has; with `_profile=FIELD` the series of that field instead. Raises `NotFound`."""
        field = call.parameters.text("_profile")
        if field is None or call.place.release is None:
            return await self.shelf.get(call)
        if call.place.id is not None:
            return await self._profile(call, call.place.id, field)
        return await self._profiles(call, field)

    async def post(self, call: Call) -> Response:
        """Create or update objects. Their series must be ones that can be computed."""
        posting = await self.shelf.posting(call)
        await check_series(
            self._engine, call.caller, posting.items, self._calendars.finder(call.caller.tenant, call.environment)
        )
        return await self.shelf.store(call, posting)

    async def delete(self, call: Call) -> Response:
        """Roll an object back to its last version, or delete all of them. Raises `NotFound`."""
        return await self.shelf.delete(call)

    async def _profile(self, call: Call, id_: str, field: str) -> Response:
        definition = definition_of(await self.shelf.one(call, id_), field)
        if definition is None:
            raise NotFound(f"{id_} has no series {field!r}")
        shown = call.parameters.projection().of(await self._series.one(call, definition))
        return await self._engine.shape(call.caller, response, shown, call.format)

    async def _profiles(self, call: Call, field: str) -> Response:
        """The series of each object that matches and has one."""
        items = self.shelf.each(call, call.parameters.every("_id") or None)
        having = (item for item in items if definition_of(item, field) is not None)
        page = await self.shelf.scans.run(call.caller, page_of, having, call.parameters, MAX_COMPUTED)
        definitions = [definition for item in page.documents if (definition := definition_of(item, field))]
        return await self._series.page(call, Page(definitions, page.total))
