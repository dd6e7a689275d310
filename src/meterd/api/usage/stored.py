"""Series that are fields of objects: what may be posted as one, and their data (`docs/specifications/usage-metrics.md`
section 7).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from meterd.access import Caller
from meterd.api.http import Response
from meterd.api.usage.calendars import Calendars
from meterd.api.usage.calls import Call
from meterd.api.usage.errors import ComputedUpdate, InvalidUpdate
from meterd.api.usage.listing import Document, Page, page_answer
from meterd.api.usage.observed import DEFAULT
from meterd.api.usage.posting import Posted
from meterd.api.usage.series import MAX_OBSERVATIONS
from meterd.api.usage.virtual import (
    DEFAULT_CALENDAR,
    TYPE,
    Definition,
    FindCalendar,
    definition_read,
    stored_series,
    zone_defined,
)
from meterd.errors import InvalidInput
from meterd.query.engine import QueryEngine

MAX_POSTED = 1000
"""Series that can be posted at once."""
MAX_COMPUTED = 100
"""Series that one answer may have with their data."""

_OF_OBJECT = ("_timestamp", "_user", "_tag", "_version")
"""Members of the object that its series have, too."""


class StoredSeries:
    """Computes the data of series by their definitions."""

    def __init__(self, engine: QueryEngine, calendars: Calendars) -> None:
        self._engine = engine
        self._calendars = calendars

    async def one(self, call: Call, definition: Document) -> Document:
        """Return a series in the range that a call asks for, of records in its environment. Raises `InvalidInput`."""
        find = self._calendars.finder(call.caller.tenant, call.environment, zone_defined(definition))
        return await stored_series(self._engine, definition, call.parameters, call.environment, find, call.caller)

    async def page(self, call: Call, definitions: Page) -> Response:
        """Return the series of a page of definitions, one after the other."""
        made: list[Document] = []
        observations = 0
        for definition in definitions.documents:
            made.append(await self.one(call, definition))
            observations += len(made[-1]["data"])
            if observations > MAX_OBSERVATIONS:
                raise InvalidInput(
                    f"the series have more than {MAX_OBSERVATIONS} observations together: ask for a shorter _range"
                )
        return await self._engine.shape(call.caller, page_answer, Page(made, definitions.total), call)


def definition_of(item: Mapping[str, object], field: str) -> Document | None:
    """Return the definition of a series, with the members that lists and reads add; None when it is no series."""
    definition = item.get(field)
    if not _is_series(definition):
        return None
    id_ = f"{item['_id']}:{field}"
    defaults = {"_type": TYPE, "_id": id_, "calendar": DEFAULT_CALENDAR, "observed": DEFAULT}
    belonging = {"_id": id_, "_objid": item["_id"], "_dataid": field, "_objtype": item["_type"], "_oid": id_}
    return defaults | definition | belonging | {name: item[name] for name in _OF_OBJECT}


def definitions_of(item: Mapping[str, object]) -> Iterator[Document]:
    """Return the definitions of all series of an object."""
    return (definition for field in item if (definition := definition_of(item, field)))


async def check_series(engine: QueryEngine, caller: Caller, posted: Sequence[Posted], find: FindCalendar) -> None:
    """Refuse objects with series that can't be computed. Raises `InvalidUpdate`, `ComputedUpdate`."""
    for where, definition in await engine.shape(caller, _read, posted):
        try:
            await definition.question(find)
        except InvalidInput as error:
            raise InvalidUpdate(f"{where}: {error.message}") from None


def _read(posted: Sequence[Posted]) -> list[tuple[str, Definition]]:
    """Return the series of objects, and where each is."""
    found = []
    series = [(each.id, *member) for each in posted for member in each.members.items() if _is_series(member[1])]
    if len(series) > MAX_POSTED:
        raise InvalidUpdate(f"at most {MAX_POSTED} series can be posted at once, got {len(series)}")
    for id_, field, definition in series:
        if not field or ":" in field:
            raise InvalidUpdate(f"{id_}: the name of a series must not be empty nor have a colon, got {field!r}")
        if "data" in definition:
            raise ComputedUpdate(f"{id_}:{field}: the data of a {TYPE} are computed, leave the member data out")
        try:
            found.append((f"{id_}:{field}", definition_read(definition)))
        except InvalidInput as error:
            raise InvalidUpdate(f"{id_}:{field}: {error.message}") from None
    return found


def _is_series(value: object) -> TypeGuard[Document]:
    return isinstance(value, dict) and value.get("_type") == TYPE
