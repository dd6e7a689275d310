"""Facts that are older than the settings keep them, deleted at start and every hour."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog

from meterd.datasets import DATASETS
from meterd.errors import ConfigurationError
from meterd.store import Store

log = structlog.get_logger()

_EVERY = 3600.0


class Retention:
    """Belongs to the thread that writes to the store. `days` is by dataset; others are kept for ever.

    Raises `ConfigurationError` for a dataset that does not exist.
    """

    def __init__(self, store: Store, days: Mapping[str, float]) -> None:
        for name in days:
            if name not in DATASETS:
                raise ConfigurationError(f"store.retention: {name} is no dataset: use {', '.join(DATASETS)}")
        self._store = store
        self._kept = {DATASETS[name]: timedelta(days=number) for name, number in days.items()}
        self._next = time.monotonic()

    def delay(self) -> float | None:
        """Seconds until the next time; None when everything is kept."""
        return max(0.0, self._next - time.monotonic()) if self._kept else None

    def apply(self) -> bool:
        """Delete what is too old, if it is time. True when something was deleted, which the next checkpoint frees."""
        if self.delay() != 0.0:
            return False
        self._next = time.monotonic() + _EVERY
        deleted = 0
        for dataset, kept in self._kept.items():
            count = self._store.delete_before(dataset, datetime.now(UTC) - kept)
            if count:
                log.info("old facts deleted", dataset=dataset.name, count=count)
            deleted += count
        return deleted > 0
