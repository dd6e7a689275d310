"""A call to one of the services, as its handler sees it (`docs/specifications/usage-metrics.md` section 1)."""

from typing import NamedTuple

from meterd.access import Caller
from meterd.access.context import Operation
from meterd.api.http import Request
from meterd.api.usage.parameters import Parameters
from meterd.errors import InvalidInput, NotFound

SOURCES = ("public", "private", "all")
RELEASE = "v1"
EVERY_VERSION = "/*"
"""What follows an id for all versions of the item."""
_ACTIONS = {"GET": "get", "POST": "create", "PUT": "update", "DELETE": "delete"}


class ResourcePath(NamedTuple):
    """A release, a source and an item, as an address names them behind the service; None for what it does not."""

    release: str | None = None
    source: str | None = None
    id: str | None = None


class Call(NamedTuple):
    """An authorized call.

    `format` is the media type of the answer.
    """

    resource: ResourcePath
    parameters: Parameters
    caller: Caller
    environment: str
    format: str
    request: Request


def resource_of(path: str, service: str, has_sources: bool = True) -> ResourcePath:
    """Read an address below `/api/SERVICE`. Ids may have slashes. Raises `InvalidInput`, `NotFound`."""
    root = f"/api/{service}"
    if not f"{path}/".startswith(f"{root}/"):
        raise NotFound(f"there is nothing at {path}")
    release, _, rest = path.removeprefix(root).removeprefix("/").partition("/")
    if not release:
        return ResourcePath()
    if release != RELEASE:
        raise NotFound(f"there is no release {release!r} of the service {service}: use {RELEASE}")
    source, slash, id_ = rest.partition("/")
    if source in SOURCES:
        return ResourcePath(release, source, id_ or None)
    if has_sources and rest:
        raise InvalidInput(f"the source must be one of {', '.join(SOURCES)}, got {source!r}")
    return ResourcePath(release, None, f"{source}{slash}{id_}" or None)


def operation_of(method: str, resource: ResourcePath) -> Operation:
    """Return what a call is recorded as, unless its handler knows better."""
    action = "list" if method == "GET" and resource.id is None and resource.release else _ACTIONS.get(method, "get")
    return Operation(action, resource.id.removesuffix(EVERY_VERSION) if resource.id else None)
