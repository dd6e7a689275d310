"""Takes a person out of the embedded store, which nobody else has open."""

import contextlib
from pathlib import Path

import duckdb

from meterd.datasets import Column, Dataset, Kind
from meterd.datasets.person import Person
from meterd.errors import ConfigurationError
from meterd.store.compaction import compact
from meterd.store.embedded import limits, message_of, translated_errors


class DuckDBErasure:
    """Works on the store at `path`; the limits are those of `DuckDBStore`. Raises `ConfigurationError`."""

    def __init__(self, path: Path, memory: str = "2GB", threads: int | None = None, spill: str = "4GB") -> None:
        self._path = path
        self._options = limits(path, memory, threads, spill, is_alone=True)
        try:
            self._connection = duckdb.connect(str(path), config=self._options)
        except duckdb.Error as error:
            raise ConfigurationError(f"can't open the store {path}: {message_of(error)}") from None

    def count(self, dataset: Dataset, person: Person) -> int:
        return self._first(f"SELECT count(*) FROM {dataset.name} WHERE {_condition(dataset)}", person)

    def delete(self, dataset: Dataset, person: Person) -> int:
        return self._first(f"DELETE FROM {dataset.name} WHERE {_condition(dataset)}", person)

    def rename(self, dataset: Dataset, person: Person, pseudonym: str) -> int:
        changes = ", ".join(f"{column.name} = {_renamed(column)}" for column in dataset.persons)
        statement = f"UPDATE {dataset.name} SET {changes} WHERE {_condition(dataset)}"
        return self._first(statement, person, {"pseudonym": pseudonym})

    def close(self) -> None:
        with contextlib.closing(self._connection), translated_errors():
            self._connection.execute("CHECKPOINT")

    def scrub(self) -> bool:
        self.close()
        return compact(self._path, self._options)

    def _first(self, statement: str, person: Person, more: dict[str, str] | None = None) -> int:
        values = {"subject": person.subject, "type": person.type, "tenants": list(person.tenants)}
        with translated_errors():
            row = self._connection.execute(statement, values | (more or {})).fetchone()
        return int(row[0]) if row else 0


def _condition(dataset: Dataset) -> str:
    named = " OR ".join(f"({_names(column)})" for column in dataset.persons)
    return f"list_contains($tenants, tenant) AND coalesce({named}, false)"


def _names(column: Column) -> str:
    """Return the condition that a column names the person; null is none."""
    if column.kind is Kind.TEXT_MAP:
        return f"coalesce(list_contains(map_values({column.name}), $subject), false)"
    of_type = " AND coalesce(subject_type, $type) = $type" if column.name == "subject" else ""
    return f"coalesce({column.name} = $subject, false){of_type}"


def _renamed(column: Column) -> str:
    """Return the value of a column with the pseudonym in place of the person's name."""
    if column.kind is Kind.TEXT_MAP:
        value = "CASE WHEN pair.value = $subject THEN $pseudonym ELSE pair.value END"
        pairs = f"list_transform(map_entries({column.name}), lambda pair: {{'key': pair.key, 'value': {value}}})"
        return f"map_from_entries({pairs})"
    return f"CASE WHEN {_names(column)} THEN $pseudonym ELSE {column.name} END"
