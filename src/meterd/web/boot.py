"""What a page knows from the start, besides who looks at it."""

from collections.abc import Mapping

import msgspec

from meterd.access import Caller
from meterd.api.gateway.datasource import Datasource
from meterd.web.pages import DASHBOARD, Page
from meterd.web.saved import SavedDashboards

_ASKING = (DASHBOARD, "explore.js")
"""The modules that let a person filter what they ask."""


class Boot:
    """Tells members of the boot data of pages."""

    def __init__(self, datasources: Mapping[str, Datasource], dashboards: SavedDashboards) -> None:
        self._dashboards = dashboards
        self._filters = {
            name: {spelling: sorted(field.operators) for spelling, field in each.by_name.items() if field.operators}
            for name, each in datasources.items()
        }

    async def members(self, page: Page, id_: str, caller: Caller) -> dict[str, object]:
        """Return the members of a page's boot data; `id_` is what stands for `{id}` in its address. Raises `NotFound`.

        `dashboard` is the declaration of the page, and `saved` says whose it is; `datasources` has the operators that
        each field of each datasource takes in a filter, under every spelling.
        """
        members: dict[str, object] = {"id": id_} if id_ else {}
        if page.script == DASHBOARD:
            saved = await self._dashboards.one(caller, id_ or page.name)
            members["dashboard"] = saved.dashboard
            members["saved"] = msgspec.to_builtins(msgspec.structs.replace(saved, dashboard=msgspec.UNSET))
        if page.script in _ASKING:
            members["datasources"] = self._filters
        return members
