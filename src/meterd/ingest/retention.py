"""Facts that are older than the settings keep them, deleted at start and every hour, and what was made of them.

What is left of others among them is moved together, a little at a time, so that their space becomes free.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta

import structlog

from meterd.datasets import DATASETS, Dataset
from meterd.errors import ConfigurationError
from meterd.store import Store

log = structlog.get_logger()

_EVERY = 3600.0


class Retention:
    """Deletes what is too old, in the thread that writes to the store. `days` is by dataset; others are kept for ever.

    `follow` deletes, by dataset, what was made of its facts before a time; `job` goes around a run that has this name.
    It is asked before each run whether this node `leads`: of those that share a store one deletes for all.
    Raises `ConfigurationError` for a dataset that does not exist.
    """

    def __init__(
        self,
        store: Store,
        days: Mapping[str, float],
        follow: Mapping[str, Callable[[datetime], int]] | None = None,
        job: Callable[[str], AbstractContextManager[object]] = nullcontext,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        for name in days:
            if name not in DATASETS:
                raise ConfigurationError(f"store.retention: {name} is no dataset: use {', '.join(DATASETS)}")
        self._store = store
        self._follow = follow or {}
        self._job = job
        self._leads = leads
        self._kept = {DATASETS[name]: timedelta(days=number) for name, number in days.items()}
        self._next = time.monotonic()
        self._to_move: list[Dataset] = []

    def delay(self) -> float | None:
        """Return the seconds until there is something to do; None when everything is kept."""
        if self._to_move:
            return 0.0
        return max(0.0, self._next - time.monotonic()) if self._kept else None

    def apply(self) -> bool:
        """Delete what is too old, if it is time, or move facts together; call it again while `delay` is 0.

        True when the next checkpoint may free space.
        """
        if self.delay() != 0.0:
            return False
        if time.monotonic() < self._next:
            return self._move()
        self._next = time.monotonic() + _EVERY
        if not self._leads():
            return False
        with self._job("retention"):
            deleted = self._delete()
        self._to_move = list(self._kept)
        return deleted > 0

    def _move(self) -> bool:
        """Do one step, of the first dataset that has one."""
        while self._to_move:
            if self._store.make_room(self._to_move[0]):
                return True
            del self._to_move[0]
        return False

    def _delete(self) -> int:
        deleted = 0
        for dataset, kept in self._kept.items():
            before = datetime.now(UTC) - kept
            count = self._store.delete_before(dataset, before)
            if count:
                log.info("old facts deleted", dataset=dataset.name, count=count)
            if (follow := self._follow.get(dataset.name)) and (documents := follow(before)):
                log.info("old documents deleted", dataset=dataset.name, count=documents)
            deleted += count
        return deleted
