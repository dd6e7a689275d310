"""The object service (`docs/specifications/usage-metrics.md` section 8)."""

from meterd.api.http import Response
from meterd.api.usage.calendars import Calendars
from meterd.api.usage.calls import EVERY_VERSION, Call
from meterd.api.usage.formats import format_response
from meterd.api.usage.item_service import ItemService
from meterd.api.usage.listing import Page, page_of
from meterd.api.usage.parameters import OF_DATA, OF_LISTS
from meterd.api.usage.scan_executor import ScanExecutor
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
        self,
        items: Items,
        engine: QueryEngine,
        calendars: Calendars,
        max_bytes: int,
        maximum: int,
        scan_executor: ScanExecutor,
    ) -> None:
        self.item_service = ItemService(items, "object", "#Object", {}, max_bytes, maximum, scan_executor)
        self._calendars = calendars
        self._engine = engine
        self._series = StoredSeries(engine, calendars)

    async def get(self, call: Call) -> Response:
        """Answer with stored objects; with `_profile=FIELD` with that series of theirs. Raises `NotFound`."""
        field, id_ = call.parameters.text("_profile"), call.resource.id
        if field is None or call.resource.release is None or (id_ and id_.endswith(EVERY_VERSION)):
            return await self.item_service.get(call)
        if id_ is not None:
            return await self._profile(call, id_, field)
        return await self._profiles(call, field)

    async def post(self, call: Call) -> Response:
        """Create or update objects. Their series must be ones that can be computed."""
        posting = await self.item_service.posting(call)
        await check_series(
            self._engine, call.caller, posting.items, self._calendars.finder(call.caller.tenant, call.environment)
        )
        return await self.item_service.store(call, posting)

    async def delete(self, call: Call) -> Response:
        """Roll an object back to its last version, or delete all of them. Raises `NotFound`."""
        return await self.item_service.delete(call)

    async def _profile(self, call: Call, id_: str, field: str) -> Response:
        call.parameters.require_only(("_profile", "_project", *OF_DATA), "the series of an object")
        definition = definition_of(await self.item_service.one(call, id_), field)
        if definition is None:
            raise NotFound(f"{id_} has no series {field!r}")
        shown = call.parameters.projection().of(await self._series.one(call, definition))
        return await self._engine.shape(call.caller, format_response, shown, call.format)

    async def _profiles(self, call: Call, field: str) -> Response:
        """Return the series of each object that matches and has one."""
        call.parameters.require_only(("_profile", *OF_DATA, *OF_LISTS), "the series of objects", has_filters=True)
        items = self.item_service.each(call, call.parameters.every("_id") or None)
        having = (item for item in items if definition_of(item, field) is not None)
        page = await self.item_service.scan_executor.run(call.caller, page_of, having, call.parameters, MAX_COMPUTED)
        definitions = [definition for item in page.documents if (definition := definition_of(item, field))]
        return await self._series.page(call, Page(definitions, page.total))
