"""Requests to the server over HTTP. Imported only once the agent answers: httpx2 takes a while to load."""

import gzip
import ssl

import httpx2
import msgspec

from meterd.agent.errors import Unreachable
from meterd.agent.sessions import now
from meterd.agent.settings import Settings

_TIMEOUT = httpx2.Timeout(30, connect=5)
_READ_TIMEOUT = httpx2.Timeout(10, connect=2)
_WORTH_COMPRESSING = 1024
_CONNECTIONS = httpx2.Limits(max_connections=16, max_keepalive_connections=16)


class Response(msgspec.Struct, frozen=True):
    """A response of the server; `retry_after` is in seconds, when it names a time."""

    status: int
    body: bytes
    retry_after: float | None = None


class Transport:
    """Makes requests to one server, all with the same key and TLS settings."""

    def __init__(self, settings: Settings) -> None:
        headers = {"Content-Type": "application/json", "User-Agent": "meterd-agent"}
        if settings.api_key:
            headers["Authorization"] = f"Bearer {settings.api_key}"
        verify: ssl.SSLContext | bool = settings.verifies_tls and settings.server_url.startswith("https")
        self._http = httpx2.AsyncClient(
            base_url=settings.server_url, headers=headers, timeout=_TIMEOUT, limits=_CONNECTIONS, verify=verify
        )
        self._compresses = settings.enable_compression

    async def post(self, path: str, body: bytes, key: str | None = None) -> Response:
        """Send a body, compressed if that is worth it.

        Raises:
            Unreachable: there is no answer.
        """
        headers = {"X-Meterd-Sent-At": now()}  # by which the server corrects times of this machine's clock
        if key:
            headers["Idempotency-Key"] = key
        if self._compresses and len(body) >= _WORTH_COMPRESSING:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        return await self._send("POST", path, body, headers)

    async def get(self, path: str) -> Response:
        """Read a document.

        Raises:
            Unreachable: there is no answer.
        """
        return await self._send("GET", path, b"", {}, _READ_TIMEOUT)

    async def _send(
        self, method: str, path: str, body: bytes, headers: dict[str, str], limit: httpx2.Timeout = _TIMEOUT
    ) -> Response:
        try:
            response = await self._http.request(method, path, content=body, headers=headers, timeout=limit)
        except httpx2.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from None
        return Response(response.status_code, response.content, _seconds(response.headers.get("Retry-After")))

    async def close(self) -> None:
        await self._http.aclose()


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text or ""))
    except ValueError:
        return None
