"""The composition root: opens everything in order, and closes it in the opposite order."""

from collections.abc import Collection
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import structlog

from meterd.api.usage.identity import caller_of
from meterd.core import Core
from meterd.failpoints import reach
from meterd.installation import File
from meterd.protocols import build_protocols
from meterd.server import Server
from meterd.settings import Settings
from meterd.telemetry import Telemetry

log = structlog.get_logger()


class Service:
    """One running meterd on one data directory. Create, serve `application`, `close`.

    `accepted` names the files whose loss does not keep it from starting. A start that fails leaves nothing open.
    """

    def __init__(self, settings: Settings, directory: Path, accepted: Collection[File] = ()) -> None:
        self.telemetry = Telemetry()
        with ExitStack() as stack:
            core = Core.open(stack, settings, self.telemetry, directory, accepted)
            protocols = build_protocols(core)
            self.supervisor = core.supervisor
            self.tokens = core.metadata.tokens
            self.web_sessions = core.metadata.web_sessions
            self.application = Server(
                protocols.routes,
                protocols.running,
                partial(caller_of, authenticator=protocols.authenticator),
                core.request_log,
                self.telemetry,
                settings,
            )
            reach("start-protocols-built")
            core.start(stack)
            stack.callback(protocols.session_repository.close)
            stack.callback(core.recorder.flush)
            stack.callback(core.request_log.close)
            stack.callback(core.recorder.refuse, "the service is stopping")
            self._opened = stack.pop_all()
        if settings.metrics is None:
            log.warning("the settings have no section metrics: POST /metric is refused")

    def close(self) -> None:
        """Write what was accepted to the journal, load it, checkpoint the store, and release the files."""
        self._opened.close()
