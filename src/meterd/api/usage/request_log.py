"""Every request to this service, as a fact of `api_requests`.

A request is added after its response was sent; a moment later (`usage.flush-interval`) what gathered is made durable
together. Similar requests, which differ in times, sizes and ids only, are kept and stored as one batch, so that one
costs little.

Requests of unknown callers have no limit, so of each only service, method and status are kept, and only of so many a
minute (`usage.unknown-callers-per-minute`); the others are counters.
"""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import structlog

from meterd.access import DEFAULT_TENANT, Caller
from meterd.access.context import Operation, RequestContext
from meterd.datasets import API_REQUESTS, Dataset
from meterd.datasets.usage import CALL, MEASURED, PRODUCTION
from meterd.errors import Unavailable
from meterd.ingest.backlog import Backlog
from meterd.ingest.facts import Submission, pack
from meterd.ingest.recorder import Recorder
from meterd.rates import Rate
from meterd.settings import Usage
from meterd.supervision import REQUESTS, Supervisor

if TYPE_CHECKING:
    from meterd.datasets.rows import ApiRequest

log = structlog.get_logger()

APPLICATION, ENVIRONMENT = b"x-odsl-application", b"x-odsl-environment"
_DEFAULT_APPLICATION = "api"
_ACTIONS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_MAX_WAITING = 200_000
"""Requests that wait in memory while the journal takes nothing; more are counted and forgotten."""
_MAX_BATCHES = 500
"""Batches that are written together."""
_MAX_CHARACTERS = 512
"""Characters of a text that a client chose."""

Headers = Iterable[tuple[bytes, bytes]]


class _Kind(NamedTuple):
    """The properties that the requests of a batch have in common."""

    protocol: str
    method: str
    path: str
    status: int
    caller: Caller | None
    operation: Operation | None
    application: bytes
    environment: bytes


class _Batch:
    """Similar requests: when each began, seconds since 1970; its seconds, bytes and id."""

    __slots__ = ("began", "ids", "kind", "seconds", "sizes")

    def __init__(self, kind: _Kind) -> None:
        self.kind = kind
        self.began: list[float] = []
        self.seconds: list[float] = []
        self.sizes: list[int] = []
        self.ids: list[bytes] = []


class RequestLog:
    """Gathers requests in the event loop, and makes facts of them."""

    def __init__(self, recorder: Recorder, settings: Usage, supervisor: Supervisor) -> None:
        self._recorder = recorder
        self._record = settings.record
        self._interval = settings.flush_interval
        self._unknown_callers = Rate(settings.unknown_callers_per_minute)
        self._telemetry = telemetry = supervisor.telemetry
        self._batches: dict[tuple[object, ...], _Batch] = {}
        self._waiting = 0
        self._unwritten: Submission | None = None
        self._flush = supervisor.job(REQUESTS, self._write)
        self._turn = asyncio.Lock()  # guards: _unwritten, so that no call is written twice
        telemetry.gauge("meterd_usage_calls_waiting", "Calls that are not in the journal yet", lambda: self._waiting)

    def add(self, context: RequestContext, status: int, size: int, seconds: float) -> None:
        """Add a request that was answered: with which status, how many bytes, and after how many seconds."""
        if self._record == "off":
            return
        if self._waiting >= _MAX_WAITING:
            self._telemetry.calls_forgotten.labels("waiting").inc()
            return
        caller = context.caller
        batch = self._batch_of_unknown(context, status) if caller is None else self._batch_of(context, caller, status)
        if batch is None:
            return
        batch.began.append(context.began)
        batch.seconds.append(seconds)
        batch.sizes.append(size)
        batch.ids.append(context.id)
        self._waiting += 1
        self._flush.request(self._interval)

    def _batch_of(self, context: RequestContext, caller: Caller, status: int) -> _Batch | None:
        """Find the batch that a request of a caller belongs to; None when it is not recorded."""
        application = environment = b""
        for name, value in context.headers:
            if name == APPLICATION:
                application = value[:_MAX_CHARACTERS]
            elif name == ENVIRONMENT:
                environment = value[:_MAX_CHARACTERS]
        method, path, operation = context.method, context.path, context.operation
        key = (method, path, status, id(caller), operation, application, environment)  # hashing a caller takes longer
        batch = self._batches.get(key)
        if batch is None and self._is_recorded(context):
            kind = _Kind(
                context.protocol, method, path[:_MAX_CHARACTERS], status, caller, operation, application, environment
            )
            batch = self._batches[key] = _Batch(kind)
        return batch

    def _batch_of_unknown(self, context: RequestContext, status: int) -> _Batch | None:
        """Return the batch of an unknown caller: nothing is kept of what was sent, and only of some requests."""
        if not self._is_recorded(context):
            return None
        if not self._unknown_callers.admits():
            self._telemetry.calls_forgotten.labels("unknown").inc()
            return None
        known = context.method if context.method in _ACTIONS else ""
        kind = _Kind(context.protocol, known, "", status, None, None, b"", b"")
        return self._batches.setdefault(kind, _Batch(kind))

    def _is_recorded(self, context: RequestContext) -> bool:
        return bool(context.protocol) or self._record == "all"

    async def flush(self) -> None:
        """Return when every request added before is in the journal, or can't be now: it is tried again a little later.

        What was begun is finished even when the caller goes away, so that no request is recorded twice.
        """
        await asyncio.shield(asyncio.create_task(self._write()))

    async def _write(self) -> None:
        """Write what gathered in pieces, so that no piece keeps the event loop or is too large for the journal."""
        async with self._turn:
            for _ in range(len(self._batches) // _MAX_BATCHES + 2):
                self._unwritten = self._unwritten or self._take()
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
        """Queue what was added for the journal, at the end of the service."""
        self._flush.close()
        while self._unwritten or self._batches:
            try:
                submission = self._unwritten or self._take()
            except Exception:
                log.exception("calls can't be recorded")
                continue
            if submission:
                self._recorder.write(submission)
            self._unwritten = None

    def _take(self) -> Submission | None:
        """Take the next batches, as facts; None when there are none.

        A piece that can't be made is given up, so that it holds up none that follow.
        """
        tenants: dict[str, list[tuple[ApiRequest, tuple[Sequence[object], ...]]]] = {}
        taken = [self._batches.pop(key) for key in list(islice(self._batches, _MAX_BATCHES))]
        if not taken:
            return None
        try:
            for batch in taken:
                caller = batch.kind.caller
                part = (_common_row(batch.kind), _values(batch))
                tenants.setdefault(caller.tenant if caller else DEFAULT_TENANT, []).append(part)
            return Submission(tuple(pack(API_REQUESTS, tenant, parts) for tenant, parts in tenants.items()))
        except Exception:
            lost = sum(len(batch.began) for batch in taken)
            self._waiting -= lost
            self._telemetry.calls_forgotten.labels("failed").inc(lost)
            raise


def _common_row(kind: _Kind) -> "ApiRequest":
    """Make a row of what the requests of a batch have in common."""
    operation = kind.operation or Operation(_ACTIONS.get(kind.method, "get"))
    caller = kind.caller
    return API_REQUESTS.row_type(
        subject=caller.subject if caller else None,
        subject_type=str(caller.subject_type) if caller else None,
        teams=caller.teams if caller else None,
        record_type=CALL,
        origin=MEASURED,
        value=1,
        environment=_text(kind.environment) or PRODUCTION,
        service=kind.protocol or "other",
        action=operation.action,
        method=kind.method.lower() or None,
        key=operation.key[:_MAX_CHARACTERS] if operation.key else None,
        application=_text(kind.application) or _DEFAULT_APPLICATION,
        http_status=kind.status,
        detail=f"{kind.method} {kind.path}" if caller else None,
    )


def _values(batch: _Batch) -> tuple[Sequence[object], ...]:
    """Return the values of the columns in which the requests of a batch differ, as `API_REQUESTS.packed` names them."""
    return (
        [round(began * 1e6) for began in batch.began],
        [id_.decode() for id_ in batch.ids],
        [round(seconds * 1000) for seconds in batch.seconds],
        batch.sizes,
    )


def _text(value: bytes) -> str:
    return value.decode("latin-1")[:_MAX_CHARACTERS]


class Freshness:
    """Makes a query wait for everything recorded so far and, if it asks for requests, those added so far."""

    def __init__(self, backlog: Backlog, request_log: RequestLog) -> None:
        self._backlog = backlog
        self._request_log = request_log

    async def caught_up(self, dataset: Dataset) -> None:
        """Return when the store has it all."""
        if dataset is API_REQUESTS:
            await self._request_log.flush()
        await self._backlog.caught_up()
