"""Every error that the client raises about the server or the rows, as one tree.

MeterdClientError
├── ConnectionFailed   no answer: the server can't be reached, or the connection broke or timed out
├── StatusError        an answer that is not a success: `status`, `message`
│   ├── RowsRefused    … because of the rows (400, 403, 413): they are in `rows` and no longer in the buffer
│   └── ItemsRefused   … because of something a session logged (400, 404, 413): it is no longer kept
├── UnexpectedAnswer   a success that is not meterd's, such as the page of a proxy
├── DeliveryFailed     anything else that went wrong while something was delivered: `__cause__` is what
├── BufferFull         no room for rows, because earlier ones can't be delivered
├── InvalidRow         a row that is not JSON
├── ClientClosed       the client was closed before, or the session was ended
├── SpoolFailed        the file in which a session keeps what waits can't be used
└── MissingPackage     pandas or polars is not installed; an `ImportError` too

Wrong arguments raise `TypeError` and `ValueError`. Every error can be pickled.
"""

from typing import Any, NoReturn


class MeterdClientError(Exception):
    """Base of all errors of the client."""


class ConnectionFailed(MeterdClientError):
    """There is no connection: the request may or may not have reached the server."""


class UnexpectedAnswer(MeterdClientError):
    """The response is not one of meterd's, or of another version."""


class DeliveryFailed(MeterdClientError):
    """The delivery failed unexpectedly; what was to be delivered is kept, and tried again."""


class ClientClosed(MeterdClientError):
    """The client is closed: make another one."""


class MissingPackage(MeterdClientError, ImportError):
    """A package is missing: the message says what to install."""


class StatusError(MeterdClientError):
    """The server answered with a status that is no success.

    Attributes:
        status: the HTTP status.
        message: the server's sentence.
        retry_after: seconds after which the server asks to be tried again, if it said so.
    """

    def __init__(self, status: int, message: str, retry_after: float | None = None) -> None:
        super().__init__(status, message, retry_after)
        self.status = status
        self.message = message
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.message} (status {self.status})"


class RowsRefused(StatusError):
    """The server took none of a batch's rows and never will; they have left the buffer.

    Attributes:
        datasource: where they were to go.
        rows: the batch as it was sent, times as text; `row 3` in the message is `rows[3]`.
        further: what else was refused since the last call.
    """

    def __init__(
        self,
        status: int,
        message: str,
        datasource: str,
        rows: list[dict[str, Any]],
        further: "tuple[RowsRefused, ...]" = (),
    ) -> None:
        super().__init__(status, message)
        self.args = (status, message, datasource, rows, further)
        self.datasource = datasource
        self.rows = rows
        self.further = further

    def __str__(self) -> str:
        more = f"; batches refused besides: {len(self.further)}" if self.further else ""
        return f"rows of {self.datasource} were refused: {super().__str__()}{more}"


class ItemsRefused(StatusError):
    """The server did not take something that a session logged, and never will.

    Attributes:
        operation: what it was: `create`, `state`, `events`, `metrics`, `heartbeat`, `end` or `crash`.
        body: the JSON that was sent.
        further: what else was refused since the last flush.
    """

    def __init__(
        self, status: int, message: str, operation: str, body: bytes, further: "tuple[ItemsRefused, ...]" = ()
    ) -> None:
        super().__init__(status, message)
        self.args = (status, message, operation, body, further)
        self.operation = operation
        self.body = body
        self.further = further

    def __str__(self) -> str:
        more = f"; refused besides: {len(self.further)}" if self.further else ""
        return f"{self.operation} of a session was refused: {super().__str__()}{more}"


class SpoolFailed(MeterdClientError):
    """The spool can't be used; `__cause__` is the database's error."""


class NotTaken(MeterdClientError):
    """Base of errors that leave rows of an `ingest()` with the caller: all but the first `taken`."""

    def __init__(self, reason: str, taken: int) -> None:
        super().__init__(reason, taken)
        self.taken = taken

    def __str__(self) -> str:
        return f"{self.args[0]}; rows of the call that were taken: {self.taken}"


class BufferFull(NotTaken):
    """The buffer is full; `__cause__` is why the rows that fill the buffer can't be delivered."""


class InvalidRow(NotTaken):
    """A row is not valid: the message names it, counted from 0 in the call, and the member."""


def as_client_error(error: BaseException) -> MeterdClientError:
    """Return an error of the client as it is, and anything else as the cause of a `DeliveryFailed`."""
    if isinstance(error, MeterdClientError):
        return error
    failure = DeliveryFailed(f"unexpected failure of the client: {error!r}")
    failure.__cause__ = error
    return failure


def raise_copy(error: MeterdClientError) -> NoReturn:
    """Raise a failure that happened in another thread or task, to somebody who waited for its outcome."""
    raise type(error)(*error.args) from error
