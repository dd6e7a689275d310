"""The client for programs without an event loop."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Self, Unpack

from meterd.client.base import BaseClient
from meterd.client.connection import Connection
from meterd.client.guard.synchronous import Guard
from meterd.client.guard.wire import Platform
from meterd.client.processes import PROCESSES, ProcessRun, logging_failure
from meterd.client.question import QueryOptions, question
from meterd.client.result import QueryResult, read_result
from meterd.client.rows import Row, encode
from meterd.client.sending import ThreadSender
from meterd.client.sessions.opening import Sessions
from meterd.client.sessions.session import Session
from meterd.client.wire import query_request


class Client(BaseClient):
    """A client that blocks, and is thread-safe. Use it as a context manager, or call `close`."""

    def _open(self) -> None:
        self._connection = Connection(self._options)
        self._sender = ThreadSender(self._options, self._connection)
        self._sessions = Sessions(self._options, self._connection)

    def query(
        self, datasource: str, start: datetime | str, end: datetime | str, **options: Unpack[QueryOptions]
    ) -> QueryResult:
        """Ask the gateway metrics query.

        Arguments:
            datasource: such as `guardrailMetrics`.
            start: start of the window, included: a datetime (UTC if naive) or ISO 8601 text.
            end: end of the window, not included.
            options: what is grouped, computed, filtered and ordered: members of `QueryOptions`.

        Raises:
            ValueError: the interval is not made of whole seconds.
            TypeError: an option is unknown, or something has no form in JSON.
            StatusError: the server answers with an error; of 400 its message says what is wrong with the question.
            ConnectionFailed: there is no answer.
            UnexpectedAnswer: the answer is not meterd's.
            ClientClosed: the client is closed.
        """
        request = query_request(question(datasource, start, end, options))
        return read_result(self._connection.send(request))

    def ingest(self, datasource: str, rows: Row | Iterable[Row]) -> None:
        """Hand over one row or many; they are sent in the background, in batches.

        A row is a mapping with the members that `docs/datasources.md` lists. Datetimes become ISO 8601 text, and a
        row without `createdAt` happened now. Waits only while the buffer is full.

        Raises:
            InvalidRow: a row is not JSON; rows of the call from `taken` on were not taken.
            BufferFull: there is no room and sending fails; rows of the call from `taken` on were not taken.
            RowsRefused: the server refused earlier rows. This call's were taken.
            StatusError, ConnectionFailed, UnexpectedAnswer, DeliveryFailed: earlier rows could not be delivered. They
                and this call's were taken and are tried again.
            ClientClosed: the client is closed; no rows were taken.
        """
        self._put(datasource, rows)
        self._sender.raise_errors()

    def _put(self, datasource: str, rows: Row | Iterable[Row]) -> None:
        before = 0
        for lines in encode(rows, self._options.batch_size):
            self._sender.put(datasource, lines, before)
            before += len(lines)

    @contextmanager
    def process_run(
        self,
        name: str,
        *,
        trigger: str | None = None,
        environment: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Iterator[ProcessRun]:
        """Record the execution of a process: around a block, or above a function for each of its calls.

        The run is recorded when the block ends, as `failed` if an exception leaves it, and sent in the background like
        rows of `ingest`. It raises nothing of its own: what prevents the recording is logged.

        Arguments:
            name: of the process.
            trigger: `scheduled`, `manual`, `subscription` or something else.
            environment: where it ran; `production` if not given.
            metadata: labels.
        """
        run = ProcessRun(name, trigger, environment, metadata)
        try:
            with run.watched():
                yield run
        finally:
            with logging_failure(run):
                self._put(PROCESSES, run.row())

    def create_session(
        self,
        product: str,
        version: str,
        *,
        machine_id: str | None = None,
        hostname: str | None = None,
        spool: str | os.PathLike[str] | None = None,
        wait: float = 0.0,
    ) -> Session:
        """Begin the session of an application, which the server gets in the background.

        Arguments:
            product, version: of the application.
            machine_id: names the machine; silent sessions of the same machine have crashed when a new one begins.
            hostname: to be shown.
            spool: a file for what the server does not have yet, so that it outlives a kill; of one session at a time.
            wait: seconds to wait, at most, until the server has begun the session.

        A server that is down raises nothing.

        Raises:
            ValueError: product or version are not text, or empty.
            TypeError: an argument can't be sent as JSON.
            SpoolFailed: the spool can't be used, or another session uses it.
            ClientClosed: the client is closed.
        """
        names = {"machine_id": machine_id, "hostname": hostname}
        return Session(self._sessions.begin(product, version, **names, spool=spool, wait=wait))

    def guard(self, agent: str, platform: Platform, *, attributes: Mapping[str, str] | None = None) -> Guard:
        """Return what classifies and redacts texts of one AI agent, and counts its meters.

        Arguments:
            agent: names the agent; any text.
            platform: where it runs.
            attributes: go with everything that is counted; the server must allow them (`metrics.allowed-attributes`).
        """
        return Guard(self._connection, agent, platform, attributes)

    def flush(self) -> None:
        """Return when all rows that were taken before are stored, and all that sessions logged.

        Raises:
            RowsRefused, ItemsRefused: the server refused some; all others are stored.
            StatusError, ConnectionFailed, UnexpectedAnswer, DeliveryFailed: the rest is still kept, and is tried again.
            SpoolFailed: a session's spool can't be used; what it logged is kept in memory.
        """
        self._sender.flush()
        self._sessions.flush()

    def close(self) -> None:
        """End sessions and flush, then take no more. If that fails, the client stays usable.

        Raises:
            MeterdClientError: as `flush`.
        """
        self._sessions.close()
        self._sender.close()
        self._connection.close()
        self._sender.raise_errors()
        self._sessions.raise_refusals()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.close()
