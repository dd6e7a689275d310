"""The dashboards that come with meterd, each of which is a page."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from meterd.api.gateway.datasource import Datasource
from meterd.web.declaration import Dashboard, declared
from meterd.web.pages import DASHBOARD, PAGES

FOLDER = Path(__file__).parent / "dashboards"
NAMES = tuple(page.name for page in PAGES if page.label and page.script == DASHBOARD)
"""Those of their pages, in the order of the navigation."""


def builtin_dashboards(datasources: Mapping[str, Datasource]) -> dict[str, Dashboard]:
    """Return all by their names."""
    return {name: declared(msgspec.json.decode((FOLDER / f"{name}.json").read_bytes()), datasources) for name in NAMES}
