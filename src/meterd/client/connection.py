"""Requests over HTTP with retries: `Connection` blocks, `AsyncConnection` is its twin for asyncio."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self, TypedDict

import httpx2

from meterd.client.errors import ClientClosed, ConnectionFailed, MeterdClientError, StatusError, UnexpectedAnswer
from meterd.client.options import Options
from meterd.client.retry import Backoff
from meterd.client.wire import SENT_AT, Request, check_status, identification, stamp

_MAX_CONNECT_TIMEOUT = 5.0


class Connection:
    """Makes requests and waits for their answers. Thread-safe."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.reset()

    def reset(self) -> None:
        """Use new sockets, because the present ones are another process's."""
        self._http = httpx2.Client(**_arguments(self._options))

    def send(self, request: Request) -> bytes:
        """Return the body of a success, after as many attempts as it takes and the options allow.

        Raises:
            StatusError, ConnectionFailed: the last attempt failed.
            UnexpectedAnswer: the answer can't be decompressed.
            ClientClosed: the connection was closed.
        """
        _check_open(self._http.is_closed)
        backoff = _backoff(request, self._options)
        while True:
            try:
                return self._attempt(request)
            except MeterdClientError as error:
                pause = backoff.pause_after(error)
                if pause is None:
                    raise
            time.sleep(pause)

    def _attempt(self, request: Request) -> bytes:
        with _translated_errors():
            response = self._http.post(
                request.path, params=request.params, content=request.content, headers=_headers(request)
            )
        _check_status(response, self._options)
        return response.content

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncConnection:
    """The counterpart of `Connection` for one event loop."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._http = httpx2.AsyncClient(**_arguments(options))

    async def send(self, request: Request) -> bytes:
        """Do what `Connection.send` does."""
        _check_open(self._http.is_closed)
        backoff = _backoff(request, self._options)
        while True:
            try:
                return await self._attempt(request)
            except MeterdClientError as error:
                pause = backoff.pause_after(error)
                if pause is None:
                    raise
            await asyncio.sleep(pause)

    async def _attempt(self, request: Request) -> bytes:
        with _translated_errors():
            response = await self._http.post(
                request.path, params=request.params, content=request.content, headers=_headers(request)
            )
        _check_status(response, self._options)
        return response.content

    async def close(self) -> None:
        await self._http.aclose()


def _check_open(is_closed: bool) -> None:
    if is_closed:
        raise ClientClosed("the client is closed")


def _check_status(response: httpx2.Response, options: Options) -> None:
    """Do what `check_status` does; who was refused for want of a token is told how to give one."""
    try:
        check_status(response.status_code, response.headers, response.content)
    except StatusError as error:
        if error.status != 401 or options.token is not None:
            raise
        raise StatusError(401, f"{error.message}; none was sent: pass token or set METERD_TOKEN") from None


def _backoff(request: Request, options: Options) -> Backoff:
    return Backoff(request.retried, options.retry_attempts, options.retry_timeout)


def _headers(request: Request) -> dict[str, str]:
    """Return the headers of this very attempt."""
    return request.headers | {SENT_AT: stamp(time.time_ns())} if request.says_when else request.headers


class _Arguments(TypedDict):
    base_url: str
    headers: dict[str, str]
    timeout: httpx2.Timeout


def _arguments(options: Options) -> _Arguments:
    timeout = httpx2.Timeout(options.timeout, connect=min(options.timeout, _MAX_CONNECT_TIMEOUT))
    return {"base_url": options.url, "headers": identification(options.token), "timeout": timeout}


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise httpx2's errors as ours."""
    try:
        yield
    except httpx2.TransportError as error:
        raise ConnectionFailed(f"{type(error).__name__}: {error or 'no answer'}") from error
    except httpx2.DecodingError as error:
        raise UnexpectedAnswer(f"the answer can't be decompressed: {error}") from error
