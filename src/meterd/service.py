"""The composition root: opens everything in order, and closes it in the opposite order."""

from collections.abc import Collection
from functools import partial
from pathlib import Path

import structlog
from litestar import Router

from meterd.access.authentication import Authenticator
from meterd.addresses import SERVICES
from meterd.api.aiguard.routes import AIGuard
from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.ingest import GatewayIngest
from meterd.api.gateway.query import gateway_router
from meterd.api.http import Decoding
from meterd.api.litellm.routes import LiteLLM
from meterd.api.operations.health import Health
from meterd.api.operations.routes import operations_router
from meterd.api.otlp.routes import OpenTelemetry
from meterd.api.sessions.keeping import Keeping
from meterd.api.sessions.registry import Registry
from meterd.api.sessions.routes import Sessions
from meterd.api.usage.calendars import Calendars
from meterd.api.usage.data import Data
from meterd.api.usage.identity import caller_of
from meterd.api.usage.metrics import Metrics
from meterd.api.usage.objects import Objects
from meterd.api.usage.recording import Calls, Freshness
from meterd.api.usage.routes import Usage
from meterd.api.usage.scans import Scans
from meterd.api.usage.statement import Statements
from meterd.data_directory import lock_directory, path_of
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES
from meterd.export.building import prometheus_page, schedules
from meterd.files import open_files
from meterd.ingest.backlog import Backlog
from meterd.ingest.journal import JournalReader
from meterd.ingest.loader import Loader
from meterd.ingest.maintenance import Maintenance
from meterd.ingest.recorder import Recorder
from meterd.ingest.retention import Retention
from meterd.installation import File
from meterd.litellm.duplicate_sources import DuplicateSourceDetector
from meterd.metadata.documents import Documents
from meterd.metadata.items import Items
from meterd.promptness import Promptness
from meterd.query.engine import QueryEngine
from meterd.server import Server
from meterd.settings import Settings
from meterd.telemetry import Telemetry

log = structlog.get_logger()


class Service:
    """One running meterd on one data directory. Create, serve `application`, `close`.

    `accepted` names the files whose loss does not keep it from starting.
    """

    def __init__(self, settings: Settings, directory: Path, accepted: Collection[File] = ()) -> None:
        self._lock = lock_directory(directory)
        self.telemetry = telemetry = Telemetry()
        self.directory, self._store, self._journal = open_files(directory, settings, accepted)
        self.directory.on_failure = telemetry.directory_failures.inc
        reader = JournalReader(path_of(directory, File.JOURNAL))
        backlog = Backlog(reader.size, self._journal.end, self._store.watermark(), settings.store.checkpoint_bytes)
        self._recorder = recorder = Recorder(self._journal, backlog, directory, settings.ingest, telemetry)
        documents = Documents(self.directory)
        retention = Retention(
            self._store,
            settings.store.retention,
            {SESSION_STATES.name: documents.delete_before},
            Maintenance(recorder, settings.usage.record != "off").job,
        )
        self._loader = loader = Loader(reader, recorder, self._store, backlog, retention, settings.store, telemetry)
        self._calls = Calls(recorder, settings.usage, SERVICES, telemetry)
        self._engine = QueryEngine(self._store, Freshness(backlog, self._calls), settings.query, telemetry)
        self.application = self._server(settings, telemetry, documents)
        if settings.metrics is None:
            log.warning("the settings have no section metrics: POST /metric is refused")
        recorder.start()
        loader.start()

    def _server(self, settings: Settings, telemetry: Telemetry, documents: Documents) -> Server:
        """Every protocol, over what keeps and answers."""
        recorder = self._recorder
        authenticator = Authenticator(self.directory)
        telemetry.gauge(
            "meterd_access_lookups_waiting", "Unknown tokens that are looked up", lambda: authenticator.waiting
        )
        health = Health(recorder, self._loader, self._store)
        known = datasources(settings.metrics.allowed_attributes if settings.metrics else ())
        sources, decoding = DuplicateSourceDetector(), Decoding()
        guard = AIGuard(settings, authenticator, recorder, health.problem, telemetry)
        self._sessions = keeping = Keeping(documents, self._engine, telemetry)
        registry = Registry(keeping, recorder, settings.ingest, settings.sessions)
        sessions = Sessions(settings, authenticator, registry, self._engine, decoding)
        about_sessions = dict.fromkeys((SESSION_METRICS.name, SESSION_EVENTS.name), registry.take)
        hot_routes = [
            *guard.routes(),
            *GatewayIngest(authenticator, recorder, known, settings.ingest, decoding, about_sessions).routes(),
            *LiteLLM(settings, authenticator, recorder, decoding, sources, telemetry).routes(),
            *OpenTelemetry(settings, authenticator, recorder, decoding, sources, telemetry).routes(),
        ]
        routers = [
            gateway_router(authenticator, self._engine, known),
            operations_router(
                health,
                telemetry,
                authenticator,
                settings.access.metrics_without_token,
                prometheus_page(settings, self._engine),
            ),
        ]
        exporting = schedules(settings, self._engine, self.directory, telemetry)
        hot_routes += sessions.routes()
        routers.append(sessions.router())
        routers += self._usage_routers(authenticator, settings)
        promptness = Promptness(telemetry)
        return Server(
            hot_routes,
            routers,
            telemetry,
            self._calls,
            settings.service.timeout,
            partial(caller_of, authenticator=authenticator),
            settings.logging,
            on_startup=(promptness.start, guard.start, keeping.start, *(each.start for each in exporting)),
            on_shutdown=(*(each.stop for each in exporting), self._calls.flush, guard.close, promptness.stop),
        )

    def _usage_routers(self, authenticator: Authenticator, settings: Settings) -> list[Router]:
        items, engine, most = Items(self.directory, self._recorder.require_room), self._engine, settings.query.max_rows
        scans = Scans(self._engine.shapers, settings.query.timeout)
        most_bytes = settings.ingest.max_event_bytes
        calendars = Calendars(items, most_bytes, most, scans)
        objects = Objects(items, engine, calendars, most_bytes, most, scans)
        data = Data(objects, engine, calendars, most)
        usage = Usage(authenticator, engine, Metrics(engine, most), objects, data, calendars)
        return [usage.router(), Statements(authenticator, engine, calendars).router()]

    def close(self) -> None:
        """Write what was accepted to the journal, load it, checkpoint the store, and release the files."""
        self._recorder.refuse("the service is stopping")
        self._calls.close()
        self._recorder.flush()
        self._sessions.close()
        self._loader.close()
        self._recorder.close()
        self._engine.close()
        self._journal.close()
        self._store.close()
        self.directory.close()
        self._lock.close()
