"""Bodies: decompressed within limits, decoded few at a time, and encoded in pieces."""

import asyncio
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec

from meterd.errors import InvalidInput, TooLarge

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
except ImportError:
    from backports import zstd

SLOW_TO_DECODE = 2**18
"""Bytes from which on a body is decompressed and decoded in a thread."""
_MAX_CONCURRENT_DECODES = 2
_MAX_OBJECTS = 2**21
_PIECE_ITEMS = 1000
_PIECE = 2**13
"""Compressed bytes that are looked at together: what follows a member is copied once for each."""
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class DecodeLimiter:
    """Decodes bodies into facts: large ones in a thread, so that other requests go on, and few at a time.

    A body can take many times its size in memory while it is decoded.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_MAX_CONCURRENT_DECODES)

    async def run(
        self,
        body: bytes,
        function: Callable[Concatenate[bytes, _Arguments], _Result],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Result:
        """Call the function with the body and the arguments. Raises what it raises, and `TooLarge`."""
        if len(body) < SLOW_TO_DECODE:
            return function(body, *arguments, **named)
        return await self.run_apart(body, function, *arguments, **named)

    async def run_apart(
        self,
        body: bytes,
        function: Callable[Concatenate[bytes, _Arguments], _Result],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Result:
        """Run it like `run`, in a thread whatever the body's size: for what takes long for its bytes."""

        def checked() -> _Result:
            if body.count(b"{") > _MAX_OBJECTS:
                raise TooLarge(f"the body has more than {_MAX_OBJECTS} opening braces: send less at once")
            return function(body, *arguments, **named)

        async with self._room:
            return await asyncio.to_thread(checked)


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo `Content-Encoding` gzip, deflate or zstd; never makes more than `limit` bytes (`TooLarge`)."""
    decompressor = _DECOMPRESSORS.get(encoding.strip().lower())
    if decompressor is None:
        raise InvalidInput(f'Content-Encoding "{encoding}" is not supported, use gzip, deflate, zstd or none')
    parts: list[bytes] = []
    size = position = 0
    member = None
    try:
        while position < len(body):  # several members may follow one another
            member = member or decompressor()
            piece = body[position : position + _PIECE]
            parts.append(member.decompress(piece, limit + 1 - size))
            size += len(parts[-1])
            if size > limit:
                raise too_large(limit)
            position += len(piece) - len(member.unused_data)
            if member.eof:
                member = None
    except (zlib.error, zstd.ZstdError) as error:
        raise InvalidInput(f"the body is not valid {encoding}: {error}") from None
    if member is not None:
        raise InvalidInput(f"the body is not valid {encoding}: it ends too early")
    return b"".join(parts)


_DECOMPRESSORS: dict[str, Callable[[], Any]] = {  # of two libraries that have no type in common
    "gzip": partial(zlib.decompressobj, 16 + zlib.MAX_WBITS),
    "x-gzip": partial(zlib.decompressobj, 16 + zlib.MAX_WBITS),
    "deflate": partial(zlib.decompressobj, zlib.MAX_WBITS),
    "zstd": zstd.ZstdDecompressor,
}


def too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes")


def json_array(items: Sequence[object]) -> bytes:
    """Encode a JSON array in pieces: the encoder holds Python's lock while it is at one."""
    pieces = (msgspec.json.encode(items[at : at + _PIECE_ITEMS])[1:-1] for at in range(0, len(items), _PIECE_ITEMS))
    return b"[" + b",".join(pieces) + b"]"
