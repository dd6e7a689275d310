"""The core of the service: the files, the recorder, the loader and the query engine."""

from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import msgspec

from meterd.api.usage.request_log import Freshness, RequestLog
from meterd.data_directory import lock_directory, path_of
from meterd.datasets import SESSION_STATES
from meterd.failpoints import reach
from meterd.files import open_files
from meterd.ingest.backlog import Backlog
from meterd.ingest.jobs import JobRecorder
from meterd.ingest.journal import JournalReader
from meterd.ingest.loader import Loader
from meterd.ingest.node import Node
from meterd.ingest.recorder import Recorder
from meterd.ingest.retention import Retention
from meterd.installation import File
from meterd.metadata import Metadata
from meterd.query.engine import QueryEngine
from meterd.settings import Settings
from meterd.store import Store
from meterd.supervision import Supervisor
from meterd.telemetry import Telemetry


class Core(msgspec.Struct, frozen=True):
    """The parts of one running service that every protocol shares."""

    settings: Settings
    node: Node
    telemetry: Telemetry
    supervisor: Supervisor
    metadata: Metadata
    store: Store
    recorder: Recorder
    loader: Loader
    request_log: RequestLog
    engine: QueryEngine

    @classmethod
    def open(
        cls, stack: ExitStack, settings: Settings, telemetry: Telemetry, data: Path, accepted: Collection[File]
    ) -> Self:
        """Open a data directory, which the stack closes. Threads wait for `start`.

        Raises `ConfigurationError`.
        """
        supervisor = Supervisor(telemetry)
        stack.enter_context(lock_directory(data))
        reach("start-locked")
        metadata, store, journal = files = open_files(data, settings, accepted, telemetry.directory_failures.inc)
        for file in files:
            stack.callback(file.close)
        _tell_directory(metadata, telemetry)
        reach("start-files-opened")
        telemetry.node.labels(journal.node.id).set(1)
        if metadata.is_shared:
            metadata.sessions.node = journal.node.journal
        reader = JournalReader(path_of(data, File.JOURNAL))
        stack.callback(reader.close)
        backlog = Backlog(reader.size, journal.end, store.watermark(), settings.store.checkpoint_bytes)
        recorder = Recorder(journal, backlog, data, settings.ingest, supervisor)
        retention = Retention(
            store,
            settings.store.retention,
            {SESSION_STATES.name: metadata.sessions.delete_before},
            JobRecorder(recorder, settings.usage.record != "off").job,
            _maintenance(stack, store, metadata, telemetry),
        )
        loader = Loader(reader, recorder, store, backlog, retention, settings.store, supervisor)
        request_log = RequestLog(recorder, settings.usage, supervisor)
        engine = QueryEngine(store, Freshness(backlog, request_log), settings.query, telemetry)
        stack.callback(engine.close)
        reach("start-core-built")
        parts = (metadata, store, recorder, loader, request_log, engine)
        return cls(settings, journal.node, telemetry, supervisor, *parts)

    def start(self, stack: ExitStack) -> None:
        """Start the threads, which the stack ends: what was taken is in the journal then, and in the store."""
        self.recorder.start()
        stack.callback(self.recorder.close)
        reach("start-recorder-started")
        self.loader.start()
        stack.callback(self.loader.close)
        reach("start-loader-started")


def _tell_directory(metadata: Metadata, telemetry: Telemetry) -> None:
    telemetry.gauge("meterd_directory_connections", "Connections to the directory in use", lambda: metadata.connections)
    telemetry.gauge("meterd_directory_up", "1 while the directory answers", lambda: metadata.is_reachable, "min")


def _maintenance(stack: ExitStack, store: Store, metadata: Metadata, telemetry: Telemetry) -> Callable[[], bool]:
    """Return what tells whether this node deletes what is too old: of those that share a store, one does."""
    if not store.is_remote:
        return lambda: True
    election, gauge = metadata.election("retention"), telemetry.leads.labels("retention")
    stack.callback(election.resign)

    def leads() -> bool:
        is_leader = election.lead()
        gauge.set(is_leader)
        return is_leader

    return leads
