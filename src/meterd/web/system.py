"""`/api/system`: how the service is, for whoever runs it."""

import asyncio
import platform
import time
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

import msgspec
import yaml
from litestar import Response as LitestarResponse
from litestar import get

from meterd import __version__
from meterd.access import Scope
from meterd.access.authentication import Authenticator
from meterd.access.context import context_of
from meterd.api.http import json_response
from meterd.api.openapi import described
from meterd.api.operations.health import Health
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.routers import Router
from meterd.errors import Forbidden
from meterd.settings import Metrics, Settings, describe
from meterd.telemetry import Telemetry
from meterd.web.figures import Family, families
from meterd.web.openapi import SYSTEM
from meterd.web.policy import PRIVATE


class _Limited(NamedTuple):
    """What a limit bounds: the metric that tells how much there is, perhaps of one label, and the limit's setting."""

    name: str
    metric: str
    setting: str
    unit: str
    labels: Mapping[str, str] = {}


_LIMITED = (
    _Limited("Bytes waiting for a commit", "meterd_ingest_queue_bytes", "ingest.queue-bytes", "bytes"),
    _Limited("Journal not yet in the store", "meterd_loader_backlog_bytes", "ingest.backlog-bytes", "bytes"),
    _Limited("Set aside in the journal", "meterd_journal_set_aside_bytes", "ingest.set-aside-bytes", "bytes"),
    _Limited("Queries waiting", "meterd_work_waiting", "query.max-waiting", "count", {"work": "query"}),
    _Limited("Queries under way", "meterd_work_running", "query.concurrency", "count", {"work": "query"}),
)


class Limit(msgspec.Struct, frozen=True):
    """How much there is of what a setting limits; at a `share` of one something is refused."""

    name: str
    setting: str
    used: float
    limit: float
    unit: str
    share: float


class Setting(msgspec.Struct, frozen=True, rename="camel"):
    key: str
    value: object  # of any type that YAML has
    is_default: bool


def system_router(
    node: str, authenticator: Authenticator, telemetry: Telemetry, health: Health, settings: Settings
) -> Router:
    """Route what the page for operators asks."""
    began = time.monotonic()

    @cache  # not made at the start, which it would slow down
    def effective() -> list[Setting]:
        return list(_effective(settings))

    @get("/api/system", opt=described(SYSTEM))
    async def system(request: AnyRequest) -> LitestarResponse[bytes]:
        authorization = request.headers.get("authorization")
        caller = await authenticator.identify_person(context_of(request.scope), authorization)
        caller.require(Scope.QUERY)
        if not caller.tenant_admin:
            raise Forbidden("this is for administrators of the tenant")
        shown = await asyncio.to_thread(effective)
        metrics = families(await telemetry.collect())
        answer = {
            "version": __version__,
            "node": node,
            "python": platform.python_version(),
            "uptimeSeconds": round(time.monotonic() - began, 3),
            "problem": await health.problem(),
            "notice": health.notice,
            "limits": list(_limits(metrics, {each.key: each.value for each in shown}, _processes(metrics))),
            "metrics": metrics,
            "settings": shown,
        }
        return litestar_response(json_response(200, answer, (PRIVATE,)))

    return Router("/", route_handlers=[system])


def _limits(metrics: Mapping[str, Family], settings: Mapping[str, object], processes: int) -> Iterator[Limit]:
    for each in _LIMITED:
        limit = settings[each.setting]
        assert isinstance(limit, int | float)  # as its section declares
        yield _limit(each.name, each.setting, _value(metrics, each.metric, each.labels), processes * limit, each.unit)
    used, most = (_value(metrics, f"meterd_http_connections{end}") for end in ("", "_limit"))
    yield _limit("Open connections", "service.limits.connections", used, most, "count")
    free, reserve = _value(metrics, "meterd_disk_free_bytes"), settings["ingest.disk-reserve-bytes"]
    assert isinstance(reserve, int)
    share = min(1.0, reserve / free) if free else 1.0
    yield Limit("Free space that is kept in reserve", "ingest.disk-reserve-bytes", free, reserve, "bytes", share)


def _processes(metrics: Mapping[str, Family]) -> int:
    """Return how many processes there are, each of which has the limits of the settings."""
    return round(_value(metrics, "meterd_processes"))


def _limit(name: str, setting: str, used: float, limit: float, unit: str) -> Limit:
    return Limit(name, setting, used, limit, unit, used / limit if limit else 1.0)


def _value(metrics: Mapping[str, Family], name: str, labels: Mapping[str, str] | None = None) -> float:
    """Return a metric's value, that of some labels; 0 when there is none yet."""
    found = metrics[name].figures if name in metrics else []
    return next((each.value for each in found if each.labels == (labels or {})), 0.0)


def _effective(settings: Settings) -> Iterator[Setting]:
    """Yield the settings in effect, masked as `describe` masks them, and whether each is what it is by default."""
    defaults = dict(_flat(yaml.safe_load(describe(Settings(metrics=Metrics())))))
    for key, value in _flat(yaml.safe_load(describe(settings))):
        yield Setting(key, value, key in defaults and defaults[key] == value)


def _flat(section: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in section.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
