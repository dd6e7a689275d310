"""Filters documents in threads of their own, for a limited time: filters of callers may be slow, and many."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from meterd.access import Caller
from meterd.errors import InvalidInput
from meterd.query.workers import Execution, Workers

_Result = TypeVar("_Result")


class ScanExecutor:
    """Runs functions over documents, fairly among callers, each within `timeout` seconds."""

    def __init__(self, workers: Workers, timeout: float) -> None:
        self._workers = workers
        self._timeout = timeout

    async def run(
        self,
        caller: Caller,
        function: Callable[..., _Result],
        documents: Iterable[dict[str, object]],
        *arguments: object,
    ) -> _Result:
        """Call the function with the documents and the arguments. Raises what it raises, `InvalidInput` when it takes
        too long, and as `Workers.run` does.
        """
        return await self._workers.run(
            caller, lambda execution: function(self._limited(documents, execution), *arguments)
        )

    def _limited(self, documents: Iterable[dict[str, object]], execution: Execution) -> Iterator[dict[str, object]]:
        for document in documents:
            if execution.cancellation.is_cancelled or time.monotonic() > execution.deadline:
                raise InvalidInput(
                    f"the list took longer than {self._timeout:g} s (query.timeout): name items by _id, or filter less"
                )
            yield document
