"""Requests about sessions: an entry becomes one, and its answer is read."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from meterd.client.connection import Connection
from meterd.client.errors import ItemsRefused, StatusError, UnexpectedAnswer
from meterd.client.options import Options
from meterd.client.sessions.bodies import check_done, read_created
from meterd.client.sessions.entries import CREATE, Entry
from meterd.client.wire import REPEATABLE, Request

_PATH = "/api/sessions"
_REFUSALS = frozenset({400, 413})
_UNKNOWN = "session not found"

_delivering = threading.local()


def is_delivering() -> bool:
    """Return whether this thread talks to the server for a session: what it logs then must not be delivered as well."""
    return getattr(_delivering, "now", False)


@contextmanager
def _marked() -> Iterator[None]:
    _delivering.now = True
    try:
        yield
    finally:
        _delivering.now = False


class SessionTransport:
    """Sends entries over a connection. Unless one is given it is made when it is first used, for that takes a while."""

    def __init__(self, options: Options, connection: Connection | None = None) -> None:
        self._options = options
        self._connection = connection
        self._is_own = connection is None

    def send(self, entry: Entry, server_id: str | None) -> str:
        """Deliver an entry of the session `server_id`, and return what the server calls that.

        Raises:
            ItemsRefused: the server will never take it.
            StatusError, ConnectionFailed, UnexpectedAnswer, ClientClosed: as `Connection.send`.
        """
        self._connection = self._connection or Connection(self._options)
        try:
            with _marked():
                response = self._connection.send(_request(entry, server_id))
        except StatusError as error:
            if _is_refusal(error):
                raise ItemsRefused(error.status, error.message, entry.operation, entry.body) from None
            raise
        return server_id or "" if _is_done(entry, response) else read_created(response)

    def reset(self) -> None:
        """Use new sockets, because the present ones are another process's."""
        if self._connection:
            self._connection.reset()

    def close(self) -> None:
        """Close the connection, unless it was given."""
        if self._connection and self._is_own:
            self._connection.close()


def _request(entry: Entry, server_id: str | None) -> Request:
    path = _PATH if entry.operation == CREATE else f"{_PATH}/{server_id}/{entry.operation}"
    headers = {"Content-Type": "application/json", "Idempotency-Key": entry.key}
    return Request(path, entry.body, headers, REPEATABLE, says_when=True)


def _is_done(entry: Entry, response: bytes) -> bool:
    """Return whether the answer is that of a write; else it is that of a creation.

    Raises:
        UnexpectedAnswer: it is neither.
    """
    try:
        if entry.operation == CREATE:
            read_created(response)
            return False
        check_done(response)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnexpectedAnswer(f"the answer about a session is not one of meterd's: {error}") from None
    return True


def _is_refusal(error: StatusError) -> bool:
    """Return whether the server will never take it. A 404 may be that of a proxy; only the server's own counts."""
    return error.status in _REFUSALS or (error.status == 404 and _UNKNOWN in error.message.lower())
