"""Facts of the embedded store as files of Parquet, which DuckDB reads and writes itself.

The store is opened for this alone. Besides it the engine may touch nothing but the directory of the files.
"""

import contextlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from meterd.datasets import Column, Dataset, Kind
from meterd.errors import ConfigurationError
from meterd.failpoints import reach
from meterd.store.base import StoreError, Unreadable
from meterd.store.embedded import limits, message_of, translated_errors
from meterd.store.fact_files import Month
from meterd.store.lines import TYPES

_COMPARED_AT_ONCE = 200_000
"""Facts of a file that are compared with those of the store in one statement."""


class DuckDBFiles:
    """Files of the store at `path`, which nobody else has open, all of them in `directory`.

    Its limits are those of `limits`. Raises `ConfigurationError`.
    """

    def __init__(
        self, path: Path, directory: Path, memory: str = "2GB", threads: int | None = None, spill: str = "4GB"
    ) -> None:
        try:
            self._connection = duckdb.connect(str(path), config=limits(path, memory, threads, spill))
            self._connection.execute("SET TimeZone = 'UTC'")
            self._connection.execute(f"SET allowed_directories = [{_text(f'{directory.absolute()}/')}]")
            self._connection.execute("SET enable_external_access = false")
            self._connection.execute("SET lock_configuration = true")
        except duckdb.Error as error:
            raise ConfigurationError(f"can't open the store {path}: {message_of(error)}") from None

    def months(self, dataset: Dataset) -> dict[Month, int]:
        with translated_errors():
            found = self._connection.execute(
                f"SELECT CAST(date_trunc('month', ts) AS DATE) AS month, count(*) FROM {dataset.name} "
                "GROUP BY month ORDER BY month"
            ).fetchall()
        return {Month.of(month): count for month, count in found}

    def write(self, dataset: Dataset, month: Month, path: Path) -> int:
        stored = f"SELECT {_shown(dataset)} FROM {dataset.name} WHERE {_within(month.begin, month.last_day)}"
        with translated_errors():
            self._connection.execute(f"COPY ({stored}) TO {_text(path)} (FORMAT parquet, COMPRESSION zstd)")
            written = self._fingerprint(f"SELECT * FROM read_parquet({_text(path)})")
            if written != self._fingerprint(stored):
                raise StoreError(f"{path} does not hold what was written to it")
        return written[0]

    def add(self, dataset: Dataset, month: Month, path: Path) -> int:
        with translated_errors():
            source = self._source(dataset, path)
            self._check_months(source, month, path)
            with self._transaction():
                before = self._stored(dataset, month)
                added = self._add_new(dataset, month, source) if before[0] else self._add_all(dataset, source)
                after = self._stored(dataset, month)
                if after[0] != before[0] + added or (not before[0] and after != self._fingerprint(source)):
                    raise StoreError(f"the store does not hold what was read from {path}")
                reach("before-file-commit")
        return added

    def close(self) -> None:
        with contextlib.closing(self._connection), translated_errors():
            self._connection.execute("CHECKPOINT")

    def _source(self, dataset: Dataset, path: Path) -> str:
        """Return SQL that reads a file as rows of the table: a column that the dataset gained since is null."""
        file = f"read_parquet({_text(path)})"
        there = {name for name, *_ in self._connection.execute(f"DESCRIBE SELECT * FROM {file}").fetchall()}
        if unknown := there - {"tenant", *dataset.by_name}:
            raise Unreadable(f"{path} has columns that this version does not know: {', '.join(sorted(unknown))}")
        if missing := {"tenant", "ts"} - there:
            raise Unreadable(f"{path} has no column {', '.join(sorted(missing))}")
        values = ", ".join(
            f"CAST({column.name if column.name in there else 'NULL'} AS {TYPES[column.kind]}) AS {column.name}"
            for column in dataset.columns
        )
        return f"SELECT CAST(tenant AS VARCHAR) AS tenant, {values} FROM {file}"

    def _check_months(self, source: str, month: Month, path: Path) -> None:
        row = self._connection.execute(
            f"SELECT count(*) FROM ({source}) WHERE tenant IS NULL OR ts IS NULL "
            f"OR NOT ({_within(month.begin, month.last_day)})"
        ).fetchone()
        if row != (0,):
            raise Unreadable(f"{path} holds facts without a tenant, without a time, or of another month than {month}")

    def _add_all(self, dataset: Dataset, source: str) -> int:
        return self._changed(f"INSERT INTO {dataset.name} BY NAME {source}")

    def _add_new(self, dataset: Dataset, month: Month, source: str) -> int:
        """Add what is not there: of many facts day by day, which bounds what the engine compares at once."""
        names = ", ".join(["tenant", *dataset.by_name])
        told = ", ".join(["tenant", *map(_told, dataset.columns)])
        added = 0
        for first, last in self._portions(month, source):
            within = _within(first, last)
            added += self._changed(
                f"INSERT INTO {dataset.name} ({names}) SELECT {names} FROM ("
                f"(SELECT {told} FROM ({source}) WHERE {within}) "
                f"EXCEPT ALL (SELECT {told} FROM {dataset.name} WHERE {within})) ORDER BY ts"
            )
        return added

    def _portions(self, month: Month, source: str) -> list[tuple[date, date]]:
        """Return first and last days that have all facts of a file between them."""
        days = self._connection.execute(f"SELECT CAST(ts AS DATE) AS day, count(*) FROM ({source}) GROUP BY day")
        counted: list[tuple[date, int]] = days.fetchall()
        if sum(count for _, count in counted) <= _COMPARED_AT_ONCE:
            return [(month.begin, month.last_day)]
        return [(day, day) for day, _ in sorted(counted)]

    def _changed(self, statement: str) -> int:
        row = self._connection.execute(statement).fetchone()
        return int(row[0]) if row else 0

    def _stored(self, dataset: Dataset, month: Month) -> tuple[int, int]:
        """Return the fingerprint of what the store has of a month, as it is in the table."""
        names = ", ".join(["tenant", *dataset.by_name])
        return self._fingerprint(f"SELECT {names} FROM {dataset.name} WHERE {_within(month.begin, month.last_day)}")

    def _fingerprint(self, select: str) -> tuple[int, int]:
        """Return how many rows there are, and a sum over all of them that does not depend on their order."""
        row = self._connection.execute(
            f"SELECT count(*), coalesce(sum(hash(fact)), 0) FROM ({select}) AS fact"
        ).fetchone()
        assert row is not None  # an aggregate is one row
        return int(row[0]), int(row[1])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.begin()
        try:
            yield
            self._connection.commit()
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                self._connection.rollback()
            raise


def _shown(dataset: Dataset) -> str:
    """Return the columns of a file: times say that they are in UTC."""
    return ", ".join(["tenant", *map(_shown_column, dataset.columns)])


def _shown_column(column: Column) -> str:
    return f"CAST({column.name} AS TIMESTAMPTZ) AS {column.name}" if column.kind is Kind.TIME else column.name


def _told(column: Column) -> str:
    """Return what a column tells: no numbers, which other engines keep as an empty array, are none here."""
    return f"nullif({column.name}, []) AS {column.name}" if column.kind is Kind.NUMBERS else column.name


def _within(first: date, last: date) -> str:
    """Return the condition for facts of some days."""
    return f"ts >= TIMESTAMP '{first} 00:00:00' AND ts < TIMESTAMP '{last} 00:00:00' + INTERVAL 1 DAY"


def _text(value: str | Path) -> str:
    """Return a literal."""
    return "'" + str(value).replace("'", "''") + "'"
