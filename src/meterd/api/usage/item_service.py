"""Items that are read, listed, posted and rolled back: what the object and the calendar service share."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping

import msgspec

from meterd import __version__, metadata
from meterd.access import Scope
from meterd.access.context import Operation
from meterd.api.bodies import DecodeLimiter
from meterd.api.http import Response
from meterd.api.usage.calls import EVERY_VERSION, Call
from meterd.api.usage.formats import format_response
from meterd.api.usage.listing import Document, listed
from meterd.api.usage.posting import Posted, Posting, merged, posting_of, refuse_public
from meterd.api.usage.scan_executor import ScanExecutor
from meterd.errors import Forbidden, InvalidInput, NotFound, TooLarge
from meterd.metadata import ItemChanges, Items, Version

_MAX_REASON_LENGTH = 1024
_OF_CHANGE = ("_id", "_oid", "_version")
_MAX_POSTED = 1000
"""Items of a body: nothing else is written to the metadata while they are stored."""


class ItemService:
    """The items of one service, by tenant and environment, and those that are public.

    Args:
        type_: the `_type` of items that were posted without one.
        public: items that everyone sees, by their ids.
        max_bytes: of a body, and of an item.
        maximum: items of a list.
    """

    def __init__(
        self,
        items: Items,
        service: str,
        type_: str,
        public: Mapping[str, Document],
        max_bytes: int,
        maximum: int,
        scan_executor: ScanExecutor,
    ) -> None:
        self.scan_executor = scan_executor
        self._items = items
        self._service = service
        self._type = type_
        self._public = public
        self._max_bytes = max_bytes
        self._maximum = maximum
        self._decoding = DecodeLimiter()

    async def get(self, call: Call) -> Response:
        """Build information at the root; below the release one item, its versions, or a list. Raises `NotFound`."""
        id_, parameters = call.resource.id, call.parameters
        if call.resource.release is None:
            parameters.require_only((), "the root of the service")
            return format_response(build_information(self._service), call.format)
        if id_ is None:
            parameters.require_of_list("items")
            items = self.each(call, parameters.every("_id") or None)
            return await self.scan_executor.run(call.caller, listed, items, call, self._maximum)
        if id_.endswith(EVERY_VERSION):
            parameters.require_only((), "the versions of an item")
            return format_response(await self._versions(call, id_.removesuffix(EVERY_VERSION)), call.format)
        parameters.require_only(("_project",), "one item")
        return format_response(parameters.projection().of(await self.one(call, id_)), call.format)

    async def one(self, call: Call, id_: str) -> Document:
        """Return an item in the source of a call. Raises `NotFound`."""
        if call.resource.source != "private" and id_ in self._public:
            return self._public[id_]
        if call.resource.source != "public":
            found = await asyncio.to_thread(self._items.find, self._collection(call), id_)
            if found:
                return self._shown(found)
        raise self._unknown(call, id_)

    def each(self, call: Call, ids: Collection[str] | None = None) -> Iterator[Document]:
        """Return the items in the source of a call, or those of some ids: public ones first, then by id. Blocking."""
        if call.resource.source != "private":
            yield from (item for id_, item in self._public.items() if ids is None or id_ in ids)
        if call.resource.source != "public":
            yield from map(self._shown, self._items.each(self._collection(call), ids))

    async def posting(self, call: Call) -> Posting:
        """Return the items that a call wants to store. Raises `InvalidInput`, `Forbidden`."""
        if call.resource.source == "public":
            raise Forbidden("public items can't be changed: post yours to the source private")
        if call.resource.id is not None:
            raise InvalidInput(f"post to /api/{self._service}/v1, with the id as _id of the body")
        replaces = call.parameters.flag("_replace")
        body = await call.request.body(self._max_bytes)
        posting = await self._decoding.run(body, posting_of, _MAX_POSTED, replaces)
        if len(posting.items) == 1:
            call.request.context.operation = Operation("create", posting.items[0].id)
        return posting

    async def store(self, call: Call, posting: Posting, verify: Callable[[], None] | None = None) -> Response:
        """Store all of the items or, when one of them is refused, none; answers them as they are then.

        `verify` may refuse them, and what it finds stays true until they are stored: at other nodes too.
        """
        reason = call.parameters.text("_reason")
        if reason is not None and len(reason) > _MAX_REASON_LENGTH:
            raise InvalidInput(f"_reason must have at most {_MAX_REASON_LENGTH} characters")

        def change() -> list[Version]:
            with self._items.changing(self._collection(call)) as changes:
                return [self._put(changes, each, call.caller.subject, reason) for each in posting.items]

        def change_verified() -> list[Version]:
            if verify is None:
                return change()
            with self._items.turn(self._collection(call)):
                verify()
                return change()

        versions = await asyncio.to_thread(change_verified)
        if len(versions) == 1:
            action = "create" if versions[0].version == 1 else "update"
            call.request.context.operation = Operation(action, versions[0].id)
        stored = [self._change_response(call, version) for version in versions]
        return format_response(stored if posting.is_array else stored[0], call.format)

    async def delete(self, call: Call) -> Response:
        """Take away the newest version of an item, or all of them; answers the item as it is then, or `{}`."""
        id_ = call.resource.id
        if id_ is None:
            raise InvalidInput(f"name what to delete: /api/{self._service}/v1/private/ID")
        refuse_public(id_)
        if call.resource.source == "public":
            raise Forbidden("public items can't be deleted")
        left = await asyncio.to_thread(self._take, call, id_.removesuffix(EVERY_VERSION), id_.endswith(EVERY_VERSION))
        return format_response(self._change_response(call, left) if left else {}, call.format)

    def _take(self, call: Call, id_: str, every_version: bool) -> Version | None:
        with self._items.changing(self._collection(call)) as changes:
            if changes.find(id_) is None:
                raise self._unknown(call, id_)
            if not every_version:
                return changes.roll_back(id_)
            changes.delete(id_)
            return None

    def _put(self, changes: ItemChanges, posted: Posted, user: str, reason: str | None) -> Version:
        """Merge into what is stored; when that changes nothing the version stays."""
        stored = changes.find(posted.id)
        members = msgspec.json.decode(stored.document) if stored else {}
        changed = merged(members, posted)
        if stored and _sorted(members) == _sorted(changed):
            return stored
        document = msgspec.json.encode(changed)
        if len(document) > self._max_bytes:
            raise TooLarge(f"{posted.id} would be larger than {self._max_bytes} bytes")
        return changes.put(posted.id, document, user, reason)

    async def _versions(self, call: Call, id_: str) -> list[Document]:
        if call.resource.source != "private" and id_ in self._public:
            return [self._public[id_]]
        history = await asyncio.to_thread(self._items.history, self._collection(call), id_)
        if call.resource.source == "public" or not history:
            raise self._unknown(call, id_)
        return [self._shown(each) | ({"_reason": each.reason} if each.reason else {}) for each in history]

    def _change_response(self, call: Call, version: Version) -> Document:
        """Return what the answer to a change says of an item: to who may not read it its version, and not what is in
        it.
        """
        shown = self._shown(version)
        return shown if Scope.QUERY in call.caller.scopes else {name: shown[name] for name in _OF_CHANGE}

    def _shown(self, version: Version) -> Document:
        """Return an item with the members that the server adds."""
        return {
            "_id": version.id,
            "_type": self._type,
            **msgspec.json.decode(version.document),
            "_oid": version.id,
            "_timestamp": version.created_at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z",
            "_user": version.user,
            "_tag": [],
            "_version": version.version,
        }

    def _collection(self, call: Call) -> metadata.Collection:
        return metadata.Collection(call.caller.tenant, call.environment, self._service)

    def _unknown(self, call: Call, id_: str) -> NotFound:
        source = f"{call.resource.source} " if call.resource.source in ("public", "private") else ""
        return NotFound(f"there is no {source}{self._service} {id_!r}")


def build_information(service: str) -> dict[str, object]:
    return {"name": "meterd", "service": service, "version": __version__}


def _sorted(members: object) -> bytes:
    return msgspec.json.encode(members, order="sorted")
