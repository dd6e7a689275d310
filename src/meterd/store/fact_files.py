"""Facts as files of Parquet, by dataset and month: what moves them from one store to another; engines implement it."""

from calendar import monthrange
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from meterd.datasets import Dataset


class Month(NamedTuple):
    """A month in UTC."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `2026-11`. Raises `ValueError`."""
        return cls.of(datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC))

    @classmethod
    def of(cls, time: date) -> Self:
        return cls(time.year, time.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def begin(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        _, days = monthrange(self.year, self.number)
        return date(self.year, self.number, days)


class FactFiles(Protocol):
    """Writes facts of a store into files, and adds those of files. Used by one thread.

    A file holds the facts of a dataset in a month: a column `tenant` and those of the dataset, by their names in
    storage; times are in UTC. Everything raises `StoreError` when the engine fails.
    """

    def months(self, dataset: Dataset) -> dict[Month, int]:
        """Return the months that have facts, in order, and how many."""

    def write(self, dataset: Dataset, month: Month, path: Path) -> int:
        """Write the facts of a month into a file, and compare it with them; return how many they are."""

    def add(self, dataset: Dataset, month: Month, path: Path) -> int:
        """Add the facts of a file that the store does not have, all or none; return how many were added.

        A fact that is in the file as often as in the store, equal in every column, is there already.

        Raises:
            Unreadable: the file holds other columns, or facts of other months.
        """

    def close(self) -> None:
        """Make all of it durable, and release the files."""
