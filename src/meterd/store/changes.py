"""Which state the facts of a dataset are in, so that what was made of them can be used as long as they are the same."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from meterd.datasets import Dataset


class Changes:
    """Counts the changes of each dataset: what is read while a count is even, and stays the same, is of one state.

    One thread changes facts; any may look. A change counts at its start and at its end.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def state(self, dataset: Dataset) -> int | None:
        """Return a number for the state that facts are in; None while they are being changed."""
        count = self._counts.get(dataset.name, 0)
        return None if count % 2 else count

    @contextmanager
    def of(self, datasets: Iterable[Dataset]) -> Iterator[None]:
        """Go around a change, whether it succeeds or not."""
        names = {dataset.name for dataset in datasets}
        self._count(names)
        try:
            yield
        finally:
            self._count(names)

    def _count(self, names: Iterable[str]) -> None:
        for name in names:
            self._counts[name] = self._counts.get(name, 0) + 1
