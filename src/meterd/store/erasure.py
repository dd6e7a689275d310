"""Takes a person out of facts: which columns may name one is declared (`Column.names_person`); engines implement it."""

from typing import Protocol

from meterd.datasets import Dataset
from meterd.datasets.person import Person


class Erasure(Protocol):
    """Finds facts that name a person, deletes them, or gives the person another name.

    A fact names a person when a column does that may: as its subject only with the person's type or none. Everything
    raises `StoreError` when the engine fails.
    """

    def count(self, dataset: Dataset, person: Person) -> int:
        """Return how many facts of a dataset name the person."""

    def delete(self, dataset: Dataset, person: Person) -> int:
        """Delete the facts that name the person; return how many."""

    def rename(self, dataset: Dataset, person: Person, pseudonym: str) -> int:
        """Write the pseudonym in place of the person's name; return in how many facts."""

    def close(self) -> None:
        """Release the files."""

    def scrub(self) -> bool:
        """Make sure that nothing of what was deleted or replaced is on disk, and release the files.

        False when that was not possible, for want of room.
        """
