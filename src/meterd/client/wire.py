"""Requests and answers of the gateway metrics endpoints (`docs/gateway-metrics.md`), without a connection."""

import gzip
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from meterd.client.buffer import Batch
from meterd.client.errors import StatusError, UnexpectedAnswer
from meterd.version import __version__

_METRICS = "/api/svc/v1/llm-gateway/metrics"
_COMPRESSED_FROM = 1024

PASSING = frozenset({408, 429, 502, 503, 504})
"""Statuses after which the same request may work."""

REPEATABLE = PASSING | {500}
"""The same for a request with an idempotency key: after 500 the rows may have been stored, or not."""


SENT_AT = "X-Meterd-Sent-At"
"""The header with the sender's clock when an attempt is made, by which the server corrects times of that clock."""


class Request(msgspec.Struct, frozen=True):
    """A POST request; an answer with one of the statuses in `retried` is no reason to give up.

    `says_when` is whether each attempt has the header `SENT_AT`.
    """

    path: str
    content: bytes
    headers: dict[str, str]
    retried: frozenset[int]
    params: dict[str, str] = {}
    says_when: bool = False


def identification(token: str | None) -> dict[str, str]:
    """Make the headers of every request."""
    agent = {"User-Agent": f"meterd-client/{__version__}"}
    return agent if token is None else {"Authorization": f"Bearer {token}", **agent}


Moment = int
"""Nanoseconds since 1970."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(moment: Moment) -> str:
    """Write a moment as RFC 3339 in UTC."""
    time = _EPOCH + timedelta(microseconds=moment // 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def query_request(body: bytes) -> Request:
    return Request(f"{_METRICS}/query", body, {"Content-Type": "application/json"}, PASSING)


def ingest_request(batch: Batch) -> Request:
    """Make NDJSON of a batch, compressed unless it is small, with the batch's key."""
    content = b"\n".join(batch.lines)
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": batch.key}
    if len(content) >= _COMPRESSED_FROM:
        content = gzip.compress(content, compresslevel=1)
        headers["Content-Encoding"] = "gzip"
    return Request(f"{_METRICS}/ingest", content, headers, REPEATABLE, {"datasource": batch.datasource})


class _Accepted(msgspec.Struct, frozen=True):
    accepted: int


def check_accepted(body: bytes, batch: Batch) -> None:
    """Check that the body says that every row of the batch was accepted.

    Raises:
        UnexpectedAnswer: it does not.
    """
    try:
        accepted = msgspec.json.decode(body, type=_Accepted).accepted
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnexpectedAnswer(f"the answer to the ingest is not one of meterd's: {error}") from None
    if accepted != len(batch.lines):
        raise UnexpectedAnswer(f"{len(batch.lines)} rows were sent, the server counts {accepted}")


class _Error(msgspec.Struct, frozen=True):
    """The body of an error: `message` at most endpoints, `error` at those of sessions."""

    message: str | None = None
    error: str | None = None


def check_status(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Check that the status is a success.

    Raises:
        StatusError: it is none; its message is the server's.
    """
    if 200 <= status < 300:
        return
    try:
        error = msgspec.json.decode(body, type=_Error)
        message = error.message or error.error
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = None
    message = message or body[:200].decode("utf-8", "replace").strip() or "the server gave no reason"
    wait = headers.get("retry-after", "")
    raise StatusError(status, message, float(wait) if wait.isdecimal() else None)
