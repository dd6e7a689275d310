"""Profiles and classifiers of an operator, at an HTTP address (`classification.client.type: client`).

AI Guard's own interface for them is not public. This one is a file, which any web server can serve (decision 0012).
"""

import asyncio
import hashlib
from collections.abc import Mapping

import httpx2

from meterd.classify import Library, UnusableSource
from meterd.classify.records import read_document
from meterd.endpoints import endpoint_of

_DOCUMENT = "profiles.json"
_MAX_BYTES = 16 * 2**20
"""Bytes of the document."""
_TIMEOUT = 5.0
"""Seconds for one answer. The first texts after a start wait for it."""


class RemoteProfiles:
    """`profiles.json` below a base URL, whose records add to a library. Raises `ConfigurationError`."""

    def __init__(self, base_url: str, base: Library) -> None:
        endpoint = endpoint_of("classification.client", "classifier-base-url", base_url, None, None)
        self._url = endpoint.url.copy_with(path=f"{endpoint.url.path.rstrip('/')}/{_DOCUMENT}")
        self._trust = endpoint.trust()
        self._base = base
        self._conditions: Mapping[str, str] = {}
        self._digest = b""

    async def changed(self) -> Library | None:
        """Return the library, when the document isn't the one that was read last; else None.

        Raises `UnusableSource` for as long as the document can't be had or used.
        """
        try:
            async with asyncio.timeout(_TIMEOUT):
                status, headers, document = await self._fetch()
        except TimeoutError:
            raise UnusableSource(_DOCUMENT, f"there was no answer within {_TIMEOUT:g} s") from None
        except httpx2.HTTPError as error:
            raise UnusableSource(_DOCUMENT, str(error).partition("\n")[0] or type(error).__name__) from None
        if status == httpx2.codes.NOT_MODIFIED and self._conditions:
            return None
        if status != httpx2.codes.OK:
            raise UnusableSource(_DOCUMENT, f"the answer was {status}")
        return await self._read(headers, document)

    async def _fetch(self) -> tuple[int, httpx2.Headers, bytes]:
        """Return status, headers and body. Looks are so rare that no connection is kept for the next one."""
        async with (
            httpx2.AsyncClient(verify=self._trust, timeout=_TIMEOUT) as client,
            client.stream("GET", self._url, headers=self._conditions) as response,
        ):
            document = bytearray()
            async for part in response.aiter_bytes():
                document += part
                if len(document) > _MAX_BYTES:
                    raise UnusableSource(_DOCUMENT, f"it has more than {_MAX_BYTES} bytes")
            return response.status_code, response.headers, bytes(document)

    async def _read(self, headers: httpx2.Headers, document: bytes) -> Library | None:
        digest = hashlib.sha256(document).digest()
        library = None
        if digest != self._digest:
            library = await asyncio.to_thread(read_document, document, self._base)
        self._digest = digest
        self._conditions = {"If-None-Match": headers["ETag"]} if "ETag" in headers else {}
        return library
