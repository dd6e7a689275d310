"""The files that pages load: never others than those that were there at the start, and cached for ever."""

import asyncio
import gzip
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

import msgspec
from litestar import Response as LitestarResponse
from litestar import get

from meterd.api.http import Response
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.routers import Router
from meterd.errors import NotFound
from meterd.web.policy import GUARDS

_HERE = Path(__file__).parent
FOLDERS = (_HERE / "assets", _HERE / "echarts")
"""Where they are: our own, and the library that the build puts there."""
CONTENT_TYPES = {
    ".css": b"text/css",
    ".js": b"text/javascript",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
}
_CACHED = (b"cache-control", b"public, max-age=31536000, immutable")
_VARY = (b"vary", b"accept-encoding")
_IMPORT = re.compile(r'^(?:import|export|\}) [^"\n]*"\./([\w-]+\.js)";', re.MULTILINE)
"""The end of a statement that imports a module of ours, as all of them are written."""


class Asset(NamedTuple):
    """A file, and what is said with it."""

    content: bytes
    content_type: bytes
    etag: bytes


class Assets:
    """The files of some folders, under one address that changes with any of them: what they import is relative."""

    def __init__(self, *folders: Path) -> None:
        paths = sorted(path for folder in folders for path in folder.glob("*") if path.suffix in CONTENT_TYPES)
        self._assets = {path.name: _read(path) for path in paths}
        self._compressed = {path.name: beside.read_bytes() for path in paths if (beside := _compressed(path)).is_file()}
        self._imported: dict[str, tuple[str, ...]] = {}
        digests = [(name, asset.etag.decode()) for name, asset in self._assets.items()]
        self.hash = hashlib.sha256(msgspec.json.encode(sorted(digests))).hexdigest()[:16]

    def address(self, name: str) -> str:
        """Return where a page finds a file."""
        return f"/assets/{self.hash}/{name}"

    def imported(self, name: str) -> tuple[str, ...]:
        """Return the modules that a module imports, and those that they do, which a browser else finds out by steps."""
        if name not in self._imported:
            found = [name]
            for each in found:  # which grows
                others = _IMPORT.findall(self._assets[each].content.decode())
                found += [other for other in dict.fromkeys(others) if other not in found]
            self._imported[name] = tuple(found[1:])
        return self._imported[name]

    def router(self) -> Router:
        """Serve the files; under any other address there is nothing."""

        @get("/assets/{version:str}/{name:str}")
        async def asset(request: AnyRequest) -> LitestarResponse[bytes]:
            version, name = request.path_params["version"], request.path_params["name"]
            found = self._assets.get(name) if version == self.hash else None
            if found is None:
                raise NotFound(f"there is nothing at {request.url.path}")
            headers = (_CACHED, _VARY, (b"etag", found.etag), *GUARDS)
            if found.etag.decode() in request.headers.get("if-none-match", ""):
                return litestar_response(Response(304, b"", headers, found.content_type))
            if found.content_type != b"image/png" and "gzip" in request.headers.get("accept-encoding", ""):
                body = await self._gzip(name, found.content)
                return litestar_response(
                    Response(200, body, (*headers, (b"content-encoding", b"gzip")), found.content_type)
                )
            return litestar_response(Response(200, found.content, headers, found.content_type))

        return Router("/", route_handlers=[asset])

    async def _gzip(self, name: str, content: bytes) -> bytes:
        """Return what the build compressed, or compress a file when it is first asked for."""
        if name not in self._compressed:
            self._compressed[name] = await asyncio.to_thread(gzip.compress, content, 9, mtime=0)
        return self._compressed[name]


def _compressed(path: Path) -> Path:
    """Return where the build puts a file's content, compressed, if it is a large one."""
    return path.with_name(f"{path.name}.gz")


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Asset(content, CONTENT_TYPES[path.suffix], etag.encode())
