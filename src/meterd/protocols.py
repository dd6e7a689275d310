"""Builds every protocol over the core of the service."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from meterd import reading
from meterd.access.authentication import Authenticator
from meterd.api.aiguard.routes import AIGuard
from meterd.api.bodies import DecodeLimiter
from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.ingest import GatewayIngest
from meterd.api.gateway.query import gateway_router
from meterd.api.helper import Helper
from meterd.api.litellm.routes import LiteLLM
from meterd.api.operations.health import Health
from meterd.api.operations.routes import operations_router
from meterd.api.otlp.routes import OpenTelemetry
from meterd.api.routers import Router
from meterd.api.sessions.recording import SessionRecorder
from meterd.api.sessions.registry import Registry
from meterd.api.sessions.repository import Repository, SessionRepository
from meterd.api.sessions.routes import Sessions
from meterd.api.sessions.sharing import SharedRepository
from meterd.api.usage.calendars import Calendars
from meterd.api.usage.data import Data
from meterd.api.usage.metrics import Metrics
from meterd.api.usage.objects import Objects
from meterd.api.usage.page_ends import PageEnds
from meterd.api.usage.routes import Usage
from meterd.api.usage.scan_executor import ScanExecutor
from meterd.api.usage.statement import Statements
from meterd.core import Core
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS
from meterd.export.building import prometheus_page, schedules
from meterd.export.schedule import Schedule
from meterd.failpoints import reach
from meterd.framework import Routes
from meterd.litellm.duplicate_sources import DuplicateSourceDetector
from meterd.promptness import Promptness
from meterd.web.boot import Boot
from meterd.web.catalogue import catalogue_router
from meterd.web.classify import classify_router
from meterd.web.routes import Web
from meterd.web.saved import SavedDashboards
from meterd.web.saved_routes import DashboardRoutes
from meterd.web.system import system_router


class Protocols(msgspec.Struct, frozen=True):
    """The routes of all protocols, and their background tasks."""

    core: Core
    authenticator: Authenticator
    routes: Routes
    guard: AIGuard
    helper: Helper
    session_repository: Repository
    exports: tuple[Schedule, ...]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the tasks of the service in the event loop, from before the first request until after the last one."""
        async with AsyncExitStack() as stack:
            promptness = Promptness(self.core.supervisor)
            stack.push_async_callback(promptness.stop)
            await promptness.start()
            stack.callback(self.helper.close)
            stack.push_async_callback(self.guard.close)
            await self.guard.start()
            stack.push_async_callback(self.session_repository.stop)
            await self.session_repository.start()
            stack.push_async_callback(self.core.request_log.flush)
            for schedule in self.exports:
                stack.push_async_callback(schedule.stop)
                await schedule.start()
            reach("start-tasks")
            yield


def build_protocols(core: Core) -> Protocols:
    """Make every protocol. Raises `ConfigurationError` for settings of theirs that can't be used."""
    settings, telemetry, recorder, engine = core.settings, core.telemetry, core.recorder, core.engine
    authenticator = Authenticator(core.metadata.tokens, core.metadata.web_sessions)
    telemetry.gauge("meterd_access_lookups_waiting", "Unknown tokens that are looked up", lambda: authenticator.waiting)
    health = Health(recorder, core.loader, core.store, core.metadata, core.supervisor)
    known = datasources(settings.metrics.allowed_attributes if settings.metrics else ())
    sources, decoding = DuplicateSourceDetector(), DecodeLimiter()
    helper = Helper(reading.__name__, settings.service.timeout, core.supervisor)
    guard = AIGuard(settings, authenticator, recorder, health.problem, core.supervisor)
    repository = _repository(core)
    registry = Registry(repository, settings.sessions)
    session_recorder = SessionRecorder(registry, repository, recorder, settings.ingest)
    sessions = Sessions(settings, authenticator, registry, session_recorder, engine, decoding)
    about_sessions = dict.fromkeys((SESSION_METRICS.name, SESSION_EVENTS.name), session_recorder.take)
    hot_routes = (
        *guard.routes(),
        *GatewayIngest(authenticator, recorder, known, settings.ingest, decoding, about_sessions).routes(),
        *LiteLLM(settings, authenticator, recorder, decoding, sources, helper, telemetry).routes(),
        *OpenTelemetry(settings, authenticator, recorder, decoding, sources, helper, telemetry).routes(),
        *sessions.routes(),
    )
    dashboards = SavedDashboards(core.metadata.dashboards, known, settings.web, recorder.require_room)
    web = Web(authenticator, core.metadata.web_sessions, Boot(known, dashboards), telemetry, settings.access)
    page, openness = prometheus_page(settings, engine), settings.access.metrics_without_token
    routers = (
        gateway_router(authenticator, engine, known),
        operations_router(core.node.id, health, telemetry, authenticator, openness, page),
        sessions.router(),
        *_usage_routers(core, authenticator),
        *web.routers(),
        catalogue_router(authenticator, known),
        DashboardRoutes(authenticator, dashboards, settings.web.max_dashboard_bytes).router(),
        classify_router(authenticator, guard),
        system_router(core.node.id, authenticator, telemetry, health, settings),
    )
    exports = schedules(settings, engine, core.metadata, core.supervisor)
    return Protocols(
        core, authenticator, Routes(hot_routes, routers, web.error_page), guard, helper, repository, exports
    )


def _repository(core: Core) -> Repository:
    made = SharedRepository if core.metadata.is_shared else SessionRepository
    return made(core.metadata.sessions, core.engine, core.supervisor)


def _usage_routers(core: Core, authenticator: Authenticator) -> tuple[Router, Router]:
    engine, settings = core.engine, core.settings
    max_rows, max_bytes = settings.query.max_rows, settings.ingest.max_event_bytes
    items = core.metadata.items(core.recorder.require_room)
    scan_executor = ScanExecutor(engine.shapers, settings.query.timeout)
    calendars = Calendars(items, max_bytes, max_rows, scan_executor)
    objects = Objects(items, engine, calendars, max_bytes, max_rows, scan_executor)
    data = Data(objects, engine, calendars, max_rows)
    usage = Usage(authenticator, engine, Metrics(engine, max_rows, PageEnds(core.telemetry)), objects, data, calendars)
    return usage.router(), Statements(authenticator, engine, calendars).router()
