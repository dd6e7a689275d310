"""The calendar service, and calendars by their codes (`docs/specifications/usage-metrics.md` sections 8 and 10)."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from meterd.api.http import Response
from meterd.api.usage.calendar_resolver import CalendarResolver
from meterd.api.usage.calls import Call
from meterd.api.usage.errors import InvalidUpdate, invalid
from meterd.api.usage.item_service import ItemService
from meterd.api.usage.posting import MAX_ID_LENGTH, Posted
from meterd.api.usage.scan_executor import ScanExecutor
from meterd.api.usage.virtual import FindCalendar
from meterd.calendars.codes import BUILT_IN, calendar_for, is_duration
from meterd.calendars.model import UTC_ZONE, Calendar
from meterd.errors import InvalidInput
from meterd.expressions.errors import ExpressionError
from meterd.metadata import Collection, Items

_SERVICE, _TYPE = "calendar", "VarCalendar"
_MAX_POSTED, _MAX_DEFINITION_BYTES = 2**16, 2**14
"""Bytes of a body and of a definition: a calendar with a hundred holiday rules takes a fifth of a second to make."""
_MAX_REMEMBERED = 256

_PUBLIC = {
    each.code: {
        "_id": each.code,
        "_type": _TYPE,
        "name": each.code.removeprefix("#"),
        "description": each.description,
        "calendar": each.definition,
        "_oid": each.code,
        "_tag": [],
        "_version": 1,
    }
    for each in BUILT_IN
}


class _Resolved(NamedTuple):
    """A calendar and the definitions that it was made from, by id."""

    calendar: Calendar
    definitions: Mapping[str, object]


class Calendars:
    """Answers the calls of the service for callers who may make them, and finds the calendars of series.

    Args:
        max_bytes: of a body.
        maximum: calendars of a list.
    """

    def __init__(self, items: Items, max_bytes: int, maximum: int, scan_executor: ScanExecutor) -> None:
        self._items = items
        self._item_service = ItemService(
            items, _SERVICE, _TYPE, _PUBLIC, min(max_bytes, _MAX_POSTED), maximum, scan_executor
        )
        self._turn = asyncio.Lock()  # guards what is stored between the check of a calendar and its storing
        self._remembered: dict[tuple[Collection, str], _Resolved] = {}

    async def get(self, call: Call) -> Response:
        """Answer with calendars: the built-in ones are public, those of the tenant private. Raises `NotFound`."""
        return await self._item_service.get(call)

    async def post(self, call: Call) -> Response:
        """Create or update calendars. Raises `InvalidUpdate` naming the member of a definition that is none."""
        posting = await self._item_service.posting(call)
        posted = {each.id: each for each in posting.items}
        if len(posted) < len(posting.items):
            raise InvalidUpdate("a calendar is there more than once")
        for each in posting.items:
            _check(each)
        collection = Collection(call.caller.tenant, call.environment, _SERVICE)
        async with self._turn:  # two that are fine on their own may refer to one another
            return await self._item_service.store(call, posting, partial(self._verify, collection, posted))

    def finder(self, tenant: str, environment: str, zone: ZoneInfo = UTC_ZONE) -> FindCalendar:
        """Return what finds calendars: built-in ones in a zone, and those that a tenant has stored in an environment,
        whose zone is their own.
        """
        collection = Collection(tenant, environment, _SERVICE)

        async def find(code: str) -> Calendar:
            if len(code) > MAX_ID_LENGTH:
                raise InvalidInput(f"a calendar has at most {MAX_ID_LENGTH} characters, got {len(code)}")
            try:
                return calendar_for(code).in_zone(zone)
            except ExpressionError as error:
                if is_duration(code):
                    raise invalid(error) from None
            calendar = await asyncio.to_thread(self._stored, collection, code)
            if calendar is None:
                there_are = ", ".join(_PUBLIC)
                raise InvalidInput(f"there is no calendar {code!r}: use {there_are}, another duration, or one of yours")
            return calendar

        return find

    def _stored(self, collection: Collection, id_: str) -> Calendar | None:
        """Return a stored calendar, made anew when its definition or one that it refers to has changed. Blocking."""
        resolved = self._remembered.get((collection, id_))
        if resolved and all(self._definition(collection, each) == was for each, was in resolved.definitions.items()):
            return resolved.calendar
        resolver = CalendarResolver(lambda each: self._definition(collection, each))
        calendar = resolver.resolve(id_)
        if calendar is not None:
            if len(self._remembered) >= _MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[collection, id_] = _Resolved(calendar, resolver.definitions)
        return calendar

    def _verify(self, collection: Collection, posted: Mapping[str, Posted]) -> None:
        """Refuse calendars that can't be made of what will be stored. Blocking."""

        def read(id_: str) -> object:
            each = posted.get(id_)
            if each is None:
                return self._definition(collection, id_)
            if each.replaces or "calendar" in each.members:
                return each.members.get("calendar") or ""
            return self._definition(collection, id_) or ""

        resolver = CalendarResolver(read)
        stored = (version for version in self._items.each(collection) if version.id not in posted)
        referring = [version.id for version in stored if any(_mentions(version.document, id_) for id_ in posted)]
        for id_ in (*posted, *referring):
            try:
                resolver.resolve(id_)
            except InvalidInput as error:
                raise InvalidUpdate(error.message) from None

    def _definition(self, collection: Collection, id_: str) -> object:
        found = self._items.find(collection, id_)
        return msgspec.json.decode(found.document)["calendar"] if found else None


def _mentions(document: bytes, id_: str) -> bool:
    """Tell whether a definition may refer to a calendar."""
    return msgspec.json.encode(id_) in document


def _check(posted: Posted) -> None:
    """Refuse what can be no calendar of a tenant, without a look at its definition."""
    if is_duration(posted.id) or _is_built_in(posted.id):
        raise InvalidUpdate(f"{posted.id} is the code of a built-in calendar")
    if posted.members.get("_type", _TYPE) != _TYPE:
        raise InvalidUpdate(f"{posted.id}: _type must be {_TYPE}")
    if len(msgspec.json.encode(posted.members.get("calendar"))) > _MAX_DEFINITION_BYTES:
        raise InvalidUpdate(f"{posted.id}: calendar must have at most {_MAX_DEFINITION_BYTES} bytes")


def _is_built_in(code: str) -> bool:
    try:
        calendar_for(code)
    except ExpressionError:
        return False
    return True
