"""Looks through documents in threads of their own, for a limited time: filters of callers may be slow, and many."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from meterd.errors import InvalidInput

_AT_ONCE = 2
_Result = TypeVar("_Result")


class Scans:
    """Runs what goes through documents, two at a time, each within `timeout` seconds."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._closed = False
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="meterd-scan")

    async def run(
        self, function: Callable[..., _Result], documents: Iterable[dict[str, Any]], *arguments: Any
    ) -> _Result:
        """Call the function with the documents and the arguments. Raises what it raises, and `InvalidInput`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._begin, function, documents, *arguments)

    def _begin(self, function: Callable[..., _Result], documents: Iterable[dict[str, Any]], *arguments: Any) -> _Result:
        return function(self._limited(documents, time.monotonic() + self._timeout), *arguments)

    def _limited(self, documents: Iterable[dict[str, Any]], end: float) -> Iterator[dict[str, Any]]:
        for document in documents:
            if self._closed or time.monotonic() > end:
                raise InvalidInput(
                    f"the list took longer than {self._timeout:g} s (query.timeout): name items by _id, or filter less"
                )
            yield document

    def close(self) -> None:
        """End what is running."""
        self._closed = True
        self._threads.shutdown(cancel_futures=True)
