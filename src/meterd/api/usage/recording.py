"""Every call to this service, as a fact of `api_requests`.

A call is noted after its answer was sent; a moment later (`usage.flush-interval`) what gathered is made durable
together. Calls that are alike, but for times, sizes and ids, are noted and stored together, so that one costs little.

Of calls of nobody known there is no end, so of each only service, method and status are kept, and only of so many a
minute (`usage.unknown-callers-per-minute`); the others are counters.
"""

import asyncio
from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

import structlog

from meterd.access import DEFAULT_TENANT, Caller
from meterd.access.context import Operation, RequestContext
from meterd.datasets import API_REQUESTS, Dataset
from meterd.datasets.usage import MEASURED, PRODUCTION
from meterd.errors import Unavailable
from meterd.ingest.backlog import Backlog
from meterd.ingest.facts import Submission, pack
from meterd.ingest.recorder import Recorder
from meterd.rates import Rate
from meterd.settings import Usage
from meterd.supervision import REQUESTS, Supervisor

log = structlog.get_logger()

APPLICATION, ENVIRONMENT = b"x-odsl-application", b"x-odsl-environment"
_DEFAULT_APPLICATION = "api"
_ACTIONS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_MOST_WAITING = 200_000
"""Calls that wait in memory while the journal takes nothing; more are counted and forgotten."""
_MOST_KINDS = 500
"""Kinds of calls that are written together."""
_LONGEST = 512
"""Characters of a text that a client chose."""

Headers = Iterable[tuple[bytes, bytes]]


class _Kind(NamedTuple):
    """Calls that are alike."""

    protocol: str
    method: str
    path: str
    status: int
    caller: Caller | None
    operation: Operation | None
    application: bytes
    environment: bytes


class _Alike:
    """Notes of calls that are alike: when each began, seconds since 1970; its seconds, bytes and id."""

    __slots__ = ("began", "ids", "kind", "seconds", "sizes")

    def __init__(self, kind: _Kind) -> None:
        self.kind = kind
        self.began: list[float] = []
        self.seconds: list[float] = []
        self.sizes: list[int] = []
        self.ids: list[bytes] = []


class Calls:
    """Takes notes of calls in the event loop, and makes facts of them."""

    def __init__(self, recorder: Recorder, settings: Usage, supervisor: Supervisor) -> None:
        self._recorder = recorder
        self._record = settings.record
        self._interval = settings.flush_interval
        self._strangers = Rate(settings.unknown_callers_per_minute)
        self._telemetry = telemetry = supervisor.telemetry
        self._noted: dict[tuple[Any, ...], _Alike] = {}
        self._waiting = 0
        self._unwritten: Submission | None = None
        self._flush = supervisor.job(REQUESTS, self._write)
        self._turn = asyncio.Lock()
        telemetry.gauge("meterd_usage_calls_waiting", "Calls that are not in the journal yet", lambda: self._waiting)

    def note(self, context: RequestContext, status: int, size: int, seconds: float) -> None:
        """Remember a call that was answered: with which status, how many bytes, and after how many seconds."""
        if self._record == "off":
            return
        if self._waiting >= _MOST_WAITING:
            self._telemetry.calls_forgotten.labels("waiting").inc()
            return
        caller = context.caller
        alike = self._stranger(context, status) if caller is None else self._alike(context, caller, status)
        if alike is None:
            return
        alike.began.append(context.began)
        alike.seconds.append(seconds)
        alike.sizes.append(size)
        alike.ids.append(context.id)
        self._waiting += 1
        self._flush.request(self._interval)

    def _alike(self, context: RequestContext, caller: Caller, status: int) -> _Alike | None:
        """The calls of a caller that this one is like; None when it is not recorded."""
        application = environment = b""
        for name, value in context.headers:
            if name == APPLICATION:
                application = value[:_LONGEST]
            elif name == ENVIRONMENT:
                environment = value[:_LONGEST]
        method, path, operation = context.method, context.path, context.operation
        key = (method, path, status, id(caller), operation, application, environment)  # hashing a caller takes longer
        alike = self._noted.get(key)
        if alike is None and self._is_recorded(context):
            kind = _Kind(context.protocol, method, path[:_LONGEST], status, caller, operation, application, environment)
            alike = self._noted[key] = _Alike(kind)
        return alike

    def _stranger(self, context: RequestContext, status: int) -> _Alike | None:
        """The same of someone who is not known: nothing is kept of what was sent, and not of any number of calls."""
        if not self._is_recorded(context):
            return None
        if not self._strangers.admits():
            self._telemetry.calls_forgotten.labels("unknown").inc()
            return None
        known = context.method if context.method in _ACTIONS else ""
        kind = _Kind(context.protocol, known, "", status, None, None, b"", b"")
        return self._noted.setdefault(kind, _Alike(kind))

    def _is_recorded(self, context: RequestContext) -> bool:
        return bool(context.protocol) or self._record == "all"

    async def flush(self) -> None:
        """Return when every call noted before is in the journal, or can't be now: it is tried again a little later.

        What was begun is finished even when the caller goes away, so that no call is recorded twice.
        """
        await asyncio.shield(asyncio.create_task(self._write()))

    async def _write(self) -> None:
        """Write what gathered in pieces, so that no piece keeps the event loop or is too large for the journal."""
        async with self._turn:
            for _ in range(len(self._noted) // _MOST_KINDS + 2):
                self._unwritten = self._unwritten or self._taken()
                if self._unwritten is None:
                    return
                try:
                    await self._recorder.record(self._unwritten)
                except Unavailable as error:
                    log.warning("calls can't be recorded yet", error=error.message)
                    self._flush.request(error.retry_after)
                    return
                self._waiting -= sum(facts.count for facts in self._unwritten.facts)
                self._unwritten = None

    def close(self) -> None:
        """Queue what was noted for the journal, at the end of the service."""
        self._flush.close()
        while self._unwritten or self._noted:
            try:
                submission = self._unwritten or self._taken()
            except Exception:
                log.exception("calls can't be recorded")
                continue
            if submission:
                self._recorder.write(submission)
            self._unwritten = None

    def _taken(self) -> Submission | None:
        """The next piece of what was noted, as facts; None when there is nothing.

        A piece that can't be made is given up, so that it holds up none that follow.
        """
        tenants: dict[str, list[Any]] = {}
        taken = [self._noted.pop(key) for key in list(islice(self._noted, _MOST_KINDS))]
        if not taken:
            return None
        try:
            for alike in taken:
                caller = alike.kind.caller
                batch = (_shared(alike.kind), _values(alike))
                tenants.setdefault(caller.tenant if caller else DEFAULT_TENANT, []).append(batch)
            return Submission(tuple(pack(API_REQUESTS, tenant, batches) for tenant, batches in tenants.items()))
        except Exception:
            lost = sum(len(alike.began) for alike in taken)
            self._waiting -= lost
            self._telemetry.calls_forgotten.labels("failed").inc(lost)
            raise


def _shared(kind: _Kind) -> Any:
    """What calls that are alike have in common, as a row."""
    operation = kind.operation or Operation(_ACTIONS.get(kind.method, "get"))
    caller = kind.caller
    return API_REQUESTS.row_type(
        subject=caller.subject if caller else None,
        subject_type=str(caller.subject_type) if caller else None,
        teams=caller.teams if caller else None,
        record_type="api",
        origin=MEASURED,
        value=1,
        environment=_text(kind.environment) or PRODUCTION,
        service=kind.protocol or "other",
        action=operation.action,
        method=kind.method.lower() or None,
        key=operation.key[:_LONGEST] if operation.key else None,
        application=_text(kind.application) or _DEFAULT_APPLICATION,
        http_status=kind.status,
        detail=f"{kind.method} {kind.path}" if caller else None,
    )


def _values(alike: _Alike) -> tuple[list[Any], ...]:
    """Values of the columns in which calls that are alike differ, as `API_REQUESTS.packed` names them."""
    return (
        [round(began * 1e6) for began in alike.began],
        [id_.decode() for id_ in alike.ids],
        [round(seconds * 1000) for seconds in alike.seconds],
        alike.sizes,
    )


def _text(value: bytes) -> str:
    return value.decode("latin-1")[:_LONGEST]


class Freshness:
    """What a query waits for: everything recorded so far, and if it asks for calls, those noted so far."""

    def __init__(self, backlog: Backlog, calls: Calls) -> None:
        self._backlog = backlog
        self._calls = calls

    async def caught_up(self, dataset: Dataset) -> None:
        """Return when the store has it all."""
        if dataset is API_REQUESTS:
            await self._calls.flush()
        await self._backlog.caught_up()
