"""Whether the service can do its work: a real write and a real read."""

import asyncio
import time

from meterd.errors import MeterdError
from meterd.ingest.loader import Loader
from meterd.ingest.recorder import Recorder
from meterd.metadata import Metadata
from meterd.store import Store, StoredRow, StoreError
from meterd.supervision import Supervisor

_CACHE_SECONDS = 1.0
_TIMEOUT = 5.0
_STORE_TIMEOUT = 3.0


class Health:
    """Checks whether the service works. What is found counts for a second, so that probes can't load the disk."""

    def __init__(
        self, recorder: Recorder, loader: Loader, store: Store, metadata: Metadata, supervisor: Supervisor
    ) -> None:
        self._recorder = recorder
        self._loader = loader
        self._store = store
        self._metadata = metadata
        self._supervisor = supervisor
        self._checked = float("-inf")
        self._problem = ""
        self._behind = ""
        self._reading: asyncio.Task[list[StoredRow]] | None = None
        self._lock = asyncio.Lock()  # guards: _checked, _problem, _behind, _reading

    async def problem(self) -> str:
        """Tell why facts can't be taken or read now; empty when they can."""
        async with self._lock:
            if time.monotonic() - self._checked > _CACHE_SECONDS:
                self._problem = await self._check()
                self._checked = time.monotonic()
            return self._problem

    @property
    def notice(self) -> str:
        """Tell what an operator should look at although the service can do its work; empty when there is nothing."""
        return "; ".join(notice for notice in (self._set_aside(), self._behind, self._supervisor.notice) if notice)

    def _set_aside(self) -> str:
        aside = self._recorder.aside
        if not aside.entries:
            return ""
        return (
            f"{aside.facts} facts of {aside.entries} journal entries could not be moved into the store and are set "
            f"aside in the journal ({aside.size} bytes)"
        )

    async def _check(self) -> str:
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._recorder.probe()
                if self._supervisor.problem:
                    await self._recorder.probe()  # after which the round of the first one is over
                of_store = await self._check_store()
                await asyncio.to_thread(self._metadata.check)
        except MeterdError as error:
            return self._supervisor.problem or error.message
        except TimeoutError:
            return f"a write and a read took longer than {_TIMEOUT:g} s"
        self._behind = self._while_behind(of_store) if self._store.is_remote else ""
        return "; ".join(each for each in ("" if self._behind else of_store, self._supervisor.problem) if each)

    async def _check_store(self) -> str:
        """Tell why facts can't be read, or come into the store, now."""
        if self._reading is None:  # one that hangs is not joined by others
            self._reading = asyncio.create_task(asyncio.to_thread(self._store.select, "SELECT 1", (), _TIMEOUT))
        await asyncio.wait({self._reading}, timeout=_STORE_TIMEOUT if self._store.is_remote else None)
        if not self._reading.done():
            return "the store does not answer"
        reading, self._reading = self._reading, None
        try:
            await reading
        except StoreError as error:
            return "" if self._supervisor.problem else f"the store can't be read: {error}"
        return f"the store can't be written: {self._loader.failing}" if self._loader.failing else ""

    def _while_behind(self, problem: str) -> str:
        """Tell what becomes of facts while a store elsewhere can't take them: that is no reason to send no more."""
        return problem and f"{problem}; what is taken waits in the journal, {self._loader.lag} entries by now"
