"""Dashboards that people save: who sees them, who may change them, and that no change overwrites another."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from meterd.access import Caller
from meterd.access.model import EVERYONE
from meterd.api.gateway.datasource import Datasource
from meterd.errors import Conflict, Forbidden, InvalidInput, NotFound
from meterd.metadata import Dashboards, SavedDashboard
from meterd.settings import Web
from meterd.web.builtin import builtin_dashboards
from meterd.web.declaration import Dashboard, declared

_MOST_LISTED = 1000
_Document = msgspec.json.Decoder(dict[str, Any])


class Saved(msgspec.Struct, frozen=True, rename="camel"):
    """A dashboard, and whose it is; those that come with meterd are nobody's, and have the revision 0.

    `team` sees it, and may change it, unless it is `everyone`, of whom only the owner may.
    """

    id: str
    title: str
    description: str
    built_in: bool
    owner: str | None
    owner_type: str | None
    team: str | None
    revision: int
    updated_at: datetime | None
    may_change: bool
    dashboard: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be saved: for a team, or for oneself alone; `revision` is that of the dashboard it was made from."""

    dashboard: dict[str, Any]
    team: str | None = None
    revision: int | None = None


class SavedDashboards:
    """Finds, keeps and changes dashboards for callers who may.

    Args:
        require_room: is asked before bytes are added, and raises what refuses them.
    """

    def __init__(
        self,
        dashboards: Dashboards,
        datasources: Mapping[str, Datasource],
        settings: Web,
        require_room: Callable[[int], None],
    ) -> None:
        self._dashboards = dashboards
        self._builtin = {name: _builtin(each) for name, each in builtin_dashboards(datasources).items()}
        self._datasources = datasources
        self._settings = settings
        self._require_room = require_room

    async def every(self, caller: Caller) -> list[Saved]:
        """Return those that come with meterd, then what the caller sees, last changed first; without declarations."""
        owner = None if caller.tenant_admin else caller.identity
        teams = {*caller.teams, EVERYONE}
        found = await asyncio.to_thread(self._dashboards.every, caller.tenant, owner, teams, _MOST_LISTED)
        builtin = (msgspec.structs.replace(each, dashboard=msgspec.UNSET) for each in self._builtin.values())
        return [*builtin, *(_shown(each, caller) for each in found)]

    async def one(self, caller: Caller, id_: str) -> Saved:
        """Return a dashboard that the caller sees, with its declaration. Raises `NotFound`."""
        return self._builtin.get(id_) or _shown(await self._find(caller, id_), caller)

    async def add(self, caller: Caller, change: Change) -> Saved:
        """Keep a new dashboard. Raises `InvalidInput`, `Forbidden`, `Unavailable`."""
        made = self._made(caller, change, secrets.token_hex(8), caller.identity, 1)
        most = self._settings.max_dashboards
        await asyncio.to_thread(self._require_room, len(made.document))
        if not await asyncio.to_thread(self._dashboards.add, made, most):
            raise InvalidInput(f"you have {most} dashboards, the most that are kept (web.max-dashboards): delete one")
        return _shown(made, caller)

    async def change(self, caller: Caller, id_: str, change: Change) -> Saved:
        """Put a change in the place of the revision it was made from. Raises like `add`, `NotFound`, `Conflict`."""
        if change.revision is None:
            raise InvalidInput("revision is required: that of the dashboard that you changed")
        found = await self._find_own(caller, id_)
        if found.revision != change.revision:
            raise _conflict(found)
        made = self._made(caller, change, id_, found.owner, found.revision + 1, found.team)
        await asyncio.to_thread(self._require_room, len(made.document))
        if not await asyncio.to_thread(self._dashboards.change, made):
            raise _conflict(await self._find(caller, id_))
        return _shown(made, caller)

    async def delete(self, caller: Caller, id_: str, revision: int | None) -> None:
        """Delete a dashboard, or only a revision of it. Raises `NotFound`, `Forbidden`, `Conflict`."""
        found = await self._find_own(caller, id_)
        if not await asyncio.to_thread(self._dashboards.delete, caller.tenant, id_, revision):
            raise _conflict(found)

    async def _find(self, caller: Caller, id_: str) -> SavedDashboard:
        found = await asyncio.to_thread(self._dashboards.find, caller.tenant, id_)
        if found is None or not _sees(caller, found):
            raise NotFound("there is no such dashboard, or none that you see")
        return found

    async def _find_own(self, caller: Caller, id_: str) -> SavedDashboard:
        if id_ in self._builtin:
            raise Forbidden("this dashboard comes with meterd: save a copy of it, and change that")
        found = await self._find(caller, id_)
        if not _may_change(caller, found):
            raise Forbidden(f"this dashboard is {found.owner[1]}'s: save a copy of it, and change that")
        return found

    def _made(
        self,
        caller: Caller,
        change: Change,
        id_: str,
        owner: tuple[str, str],
        revision: int,
        shared: str | None = None,
    ) -> SavedDashboard:
        team = change.team
        if team is not None and team != shared and team not in caller.teams and not caller.tenant_admin:
            raise Forbidden(f'you are not in the team "{team[:64]}": share with one of your own')
        if team is not None and not 0 < len(team) <= 128:
            raise InvalidInput("team must have 1 to 128 characters")
        dashboard = declared(change.dashboard, self._datasources, id_)
        document = msgspec.json.encode(dashboard)
        head = dashboard.title, dashboard.description
        return SavedDashboard(id_, caller.tenant, owner, team, *head, revision, datetime.now(UTC), document)


def _builtin(dashboard: Dashboard) -> Saved:
    content = msgspec.to_builtins(dashboard)
    return Saved(dashboard.id, dashboard.title, dashboard.description, True, None, None, None, 0, None, False, content)


def _sees(caller: Caller, found: SavedDashboard) -> bool:
    return caller.tenant_admin or found.owner == caller.identity or found.team in {*caller.teams, EVERYONE}


def _may_change(caller: Caller, found: SavedDashboard) -> bool:
    is_shared = found.team is not None and found.team != EVERYONE and found.team in caller.teams
    return caller.tenant_admin or found.owner == caller.identity or is_shared


def _shown(saved: SavedDashboard, caller: Caller) -> Saved:
    owner_type, owner = saved.owner
    return Saved(
        saved.id,
        saved.title,
        saved.description,
        False,
        owner,
        owner_type,
        saved.team,
        saved.revision,
        saved.updated_at,
        _may_change(caller, saved),
        _Document.decode(saved.document) if saved.document else msgspec.UNSET,
    )


def _conflict(found: SavedDashboard) -> Conflict:
    return Conflict(
        f"the dashboard was changed meanwhile, its revision is {found.revision}: load it again, and change that"
    )
