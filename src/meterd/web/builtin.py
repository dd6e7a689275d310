"""The dashboards that come with meterd, each of which is a page."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from meterd.api.gateway.datasource import Datasource
from meterd.web.declaration import Dashboard, declared

FOLDER = Path(__file__).parent / "dashboards"
NAMES = ("overview", "models", "guardrails", "tools", "routing", "ai-guard")
"""In the order of the navigation; also the names of their pages."""


def builtin_dashboards(datasources: Mapping[str, Datasource]) -> dict[str, Dashboard]:
    """Return all by their names."""
    return {name: declared(msgspec.json.decode((FOLDER / f"{name}.json").read_bytes()), datasources) for name in NAMES}
