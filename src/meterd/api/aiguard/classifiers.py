"""The classifiers and profiles that requests may name: those built in, and those of the operator's source."""

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from meterd.api.aiguard.remote_profiles import RemoteProfiles
from meterd.classify import ClassifierNotFound, ClassifyError, Engine, Library, LimitExceeded, Limits, ProfileNotFound
from meterd.classify.errors import NotAUuid, UnusableModel
from meterd.classify.inline import InlineLimits
from meterd.classify.presidio import PresidioRecogniser
from meterd.classify.sources import DirectorySource
from meterd.classify.system import system_library
from meterd.errors import BadGateway, ConfigurationError, InvalidInput, MeterdError
from meterd.settings import Classification, ClassificationSource
from meterd.supervision import PROFILES, Supervisor

log = structlog.get_logger()

_RETRY_SECONDS = 5.0
"""Seconds until a source that could not be read is looked at again, unless its interval is shorter."""


class _Source(NamedTuple):
    """A source of classifiers: `changed` gives a library unless it is the last call's; `pause` is in seconds."""

    changed: Callable[[], Awaitable[Library | None]]
    pause: float


class Classifiers:
    """Keeps an engine for what is built in and, from `start` or the first request on, for what the source has.

    A source that can't be read changes nothing: what was read last stays, at first what is built in. A language model
    has `timeout` seconds for a text. Raises `ConfigurationError` for an address or a model that can't be used.
    """

    def __init__(self, settings: Classification, timeout: float, supervisor: Supervisor) -> None:
        self._refusals = supervisor.telemetry.classification_refusals
        recogniser = _recogniser(settings.presidio.model, timeout) if settings.presidio.model else None
        built_in = system_library(with_entities=recogniser is not None)
        self._engine = Engine(built_in, recogniser, _limits(settings))
        self._source = _source(settings.client, built_in) if settings.client else None
        self._looked = asyncio.Event()
        self._problem = ""
        self._watch = (
            supervisor.task(PROFILES, functools.partial(self._round, self._source), self._failed)
            if self._source
            else None
        )
        self._prepared: Library | None = None
        self._preparing: threading.Thread | None = None

    async def start(self) -> None:
        """Look at the source from now on, if there is one."""
        if self._watch:
            self._watch.start()

    async def engine(self) -> Engine:
        """Return the engine. Only before the first look at the source is over does a caller wait."""
        if self._source and not self._looked.is_set():
            await self.start()
            await self._looked.wait()
        self._prepare()
        return self._engine

    def refusal(self, error: ClassifyError) -> MeterdError:
        """Return the answer to a selection that does not work.

        What isn't known may be in a source that can't be read.
        """
        if isinstance(error, LimitExceeded):
            return self.limit_exceeded(error.limit, error.message)
        unknown = isinstance(error, ProfileNotFound | ClassifierNotFound) and not isinstance(error, NotAUuid)
        if unknown and self._problem:
            return BadGateway(f"{error.message}, and the source of profiles can't be read")
        return InvalidInput(error.message)

    def limit_exceeded(self, limit: str, message: str) -> InvalidInput:
        """Return the answer to what is beyond a limit of the settings, which it counts."""
        name = limit.replace("_", "-")
        self._refusals.labels(name).inc()
        return InvalidInput(f"{message} (classification.{name})")

    async def close(self) -> None:
        """Look no more."""
        if self._watch:
            await self._watch.close()

    async def _round(self, source: _Source) -> float:
        await self._refresh(source)
        self._looked.set()
        return min(source.pause, _RETRY_SECONDS) if self._problem else source.pause

    def _failed(self, error: BaseException) -> None:
        """Let those go on who wait for the first look."""
        self._note(type(error).__name__)
        self._looked.set()

    async def _refresh(self, source: _Source) -> None:
        try:
            library = await source.changed()
        except Exception as error:  # noqa: BLE001 - looking goes on, whatever a file makes a library raise
            self._note(str(error) or type(error).__name__)
            return
        if library:
            self._engine.replace(library)
            log.info("profiles are read", profiles=len(library.profiles), classifiers=len(library.classifiers))
        self._problem = ""

    def _note(self, problem: str) -> None:
        if problem != self._problem:
            log.error("profiles can't be read, those in use stay", problem=problem)
        self._problem = problem

    def _prepare(self) -> None:
        """Compile patterns in a thread. Texts are classified at once, and faster when the patterns are compiled, which
        takes seconds.

        A stop of the service does not wait for it.
        """
        if self._prepared is self._engine.library or (self._preparing and self._preparing.is_alive()):
            return
        self._prepared = self._engine.library
        self._preparing = threading.Thread(target=self._engine.prepare, name="meterd-patterns", daemon=True)
        self._preparing.start()


def _limits(settings: Classification) -> Limits:
    inline = InlineLimits(**msgspec.structs.asdict(settings.inline))
    return Limits(settings.max_text_characters, settings.max_matches, settings.max_matched_characters, inline)


def _recogniser(model: str, timeout: float) -> PresidioRecogniser:
    """Load the language model. It takes a second or more, which the start waits for, so that no request does."""
    try:
        return PresidioRecogniser(model, timeout)
    except UnusableModel as error:
        raise ConfigurationError(f"classification.presidio.model: {error.message}") from None


def _source(settings: ClassificationSource, built_in: Library) -> _Source:
    if settings.type == "client":
        return _Source(RemoteProfiles(settings.classifier_base_url, built_in).changed, settings.seconds)
    directory = DirectorySource(Path(settings.classifier_base_url), built_in)
    return _Source(functools.partial(asyncio.to_thread, directory.changed), settings.seconds)
