"""The classifiers and profiles that requests may name: those built in, and those of the operator's directory."""

import asyncio
import time
from pathlib import Path

import structlog

from meterd.classify import Engine, Library, UnusableSource
from meterd.classify.sources import DirectorySource
from meterd.classify.system import system_library
from meterd.errors import BadGateway
from meterd.settings import Classification

log = structlog.get_logger()

_FRESH = 2.0
"""Seconds between two looks at the directory."""


class Classifiers:
    """Makes the engine when it is first needed, and again when the directory has changed.

    A directory that can't be read keeps what was read last; without that, requests fail.
    """

    def __init__(self, settings: Classification | None) -> None:
        source = settings.client if settings else None
        self._directory = Path(source.classifier_base_url) if source and source.type == "fs" else None
        self._source: DirectorySource | None = None
        self._engine: Engine | None = None
        self._problem = ""
        self._looked = 0.0
        self._turn = asyncio.Lock()
        self._preparing: asyncio.Task[None] | None = None

    async def engine(self) -> Engine:
        """The engine, up to date. Raises `BadGateway`."""
        if self._engine is None or (self._source and time.monotonic() - self._looked > _FRESH):
            async with self._turn:
                await self._refresh()
        if self._engine is None:
            raise BadGateway(f"profiles can't be read: {self._problem}")
        return self._engine

    async def _refresh(self) -> None:
        if self._engine and time.monotonic() - self._looked <= _FRESH:
            return  # another request has just looked
        try:
            library = await asyncio.to_thread(self._look)
        except UnusableSource as error:
            if self._problem != error.message:
                log.error("profiles can't be read", problem=error.message)
            self._problem = error.message
        else:
            self._problem = ""
            if library:
                self._use(library)
        self._looked = time.monotonic()

    def _look(self) -> Library | None:
        if self._directory is None:
            return system_library()
        self._source = self._source or DirectorySource(self._directory, system_library())
        return self._source.changed()

    def _use(self, library: Library) -> None:
        """Texts are classified at once, and faster when the patterns are compiled, which takes seconds."""
        if self._engine is None:
            self._engine = Engine(library)
        else:
            self._engine.replace(library)
        self._preparing = asyncio.create_task(asyncio.to_thread(self._engine.prepare))
