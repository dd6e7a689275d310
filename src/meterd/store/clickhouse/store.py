"""The store on ClickHouse. What the journal has is sent until it is there, and counts once however often it is sent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from meterd.datasets import Dataset
from meterd.errors import ConfigurationError
from meterd.failpoints import reach
from meterd.store.addresses import Embedded, Server
from meterd.store.base import Cancellation, Lines, StoredRow, StoreError
from meterd.store.changes import Changes
from meterd.store.clickhouse import inserting, schema
from meterd.store.clickhouse.connections import Connections, Setting
from meterd.store.clickhouse.database import Database
from meterd.store.clickhouse.deleting import delete_before
from meterd.store.clickhouse.failures import Missing, Refused
from meterd.store.clickhouse.lines import readable, rows_of
from meterd.store.clickhouse.merging import merged_rows
from meterd.store.clickhouse.progress import Progress
from meterd.store.clickhouse.reading import Reader
from meterd.store.pairs import is_readable

_PAUSE = 0.2
"""With some nodes, each of which adds a part to each table, a server still merges them faster than they come."""
_encode = msgspec.json.Encoder().encode

log = structlog.get_logger()


class ClickHouseStore:
    """Keeps facts in a ClickHouse database at `address`, and in the file `progress` how far the journal is in there.

    Args:
        query_memory: bytes that a query may take.
        patience: seconds that an answer may take.
        cluster: name of the cluster whose shards hold the facts; empty for one server.
    """

    dialect = "clickhouse"

    def __init__(
        self,
        address: Embedded | Server,
        progress: Path,
        query_memory: int,
        patience: float,
        password: str = "",
        cluster: str = "",
    ) -> None:
        self.is_remote = isinstance(address, Server)
        self.load_pause = _PAUSE if self.is_remote else 0.0
        self._cluster = cluster
        self._inserting: dict[str, Setting] = inserting.IN_CLUSTER if cluster else {}
        self._progress = Progress(progress)
        self._connections = Connections(address, password, patience)
        self._database = Database(self._connections, cluster, self._inserting)
        self._reader = Reader(self._connections, query_memory, cluster)
        self._datasets: tuple[Dataset, ...] = ()
        self._changes = Changes()
        self._journal = ""
        self._is_ready = False  # written by the thread that appends

    def create(self, datasets: Iterable[Dataset]) -> None:
        self._datasets = tuple(datasets)
        try:
            self._prepare()
        except Refused as error:
            raise ConfigurationError(f"store.url: {error}") from None
        except StoreError as error:
            if not self.is_remote:
                raise ConfigurationError(f"can't open the store: {error}") from None
            log.warning("the store can't be used yet, what is taken waits in the journal", error=str(error))

    def _prepare(self) -> None:
        """Create what is missing, and make sure that the database is the one that facts went to before."""
        self._database.create(self._datasets)
        own = self._progress.installation
        if own is not None and own not in self._database.installations():
            if self._progress.loaded:
                raise StoreError(
                    f"the database has none of the facts that were loaded up to entry {self._progress.loaded} of the "
                    "journal: does store.url name another one? To go on without them: meterd serve --accept-loss store"
                )
            self._database.add_installation(own)
        self._is_ready = True

    def follow(self, journal: str) -> None:
        self._journal = journal

    def installation(self) -> str | None:
        own = self._progress.installation
        if own is None or not self._progress.loaded:
            return own
        try:
            return own if own in self._database.installations() else None
        except Missing:  # not even a table of them
            return None
        except Refused as error:
            raise ConfigurationError(f"store.url: {error}") from None
        except StoreError:  # it can't tell now, which says nothing about whose facts it has
            return own

    def mark(self, installation: str) -> None:
        self._progress.mark(installation)
        if self._is_ready:
            self._prepare()

    def append(self, batch: Sequence[Lines], watermark: int) -> None:
        if batch and not self._is_ready:
            self._prepare()
        self._progress.begin(watermark)
        with self._changes.of(lines.dataset for lines in batch):
            for dataset, lines in _by_dataset(batch):
                self._add(dataset, lines, watermark)
            for each in batch:
                if each.merged:
                    self._merge(each, watermark)
            reach("before-store-commit")
            self._progress.complete(watermark)
        reach("after-store-commit")

    def _add(self, dataset: Dataset, batch: Sequence[Lines], watermark: int) -> None:
        rows = [row for lines in batch for row in rows_of(lines, self._journal)]
        name = f"{self._journal}:{dataset.name}:{watermark}"
        with self._connections.client() as client:
            inserting.insert(client, dataset.name, schema.members(dataset), rows, name, self._inserting)

    def _merge(self, lines: Lines, watermark: int) -> None:
        """Add later versions of what becomes one, of which reading takes the latest."""
        dataset = lines.dataset
        columns = ["tenant", *(column.name for column in dataset.columns)]
        columns += [schema.IDENTITY, schema.VERSION, schema.DELETED]
        name = f"{self._journal}:{dataset.name}:merged:{watermark}"
        with self._connections.client() as client:
            for rows in merged_rows(client, lines):
                texts = [_encode(row).decode() for row in rows]
                inserting.insert(client, dataset.name, columns, texts, name, self._inserting)

    def readable(self, lines: Lines) -> list[int]:
        if lines.merged:
            return [is_readable(line) for line in lines.text.splitlines()]
        return readable(lines)

    def select(
        self, sql: str, parameters: Sequence[object], timeout: float, cancellation: Cancellation | None = None
    ) -> list[StoredRow]:
        return self._reader.select(sql, parameters, timeout, cancellation or Cancellation())

    def state(self, dataset: Dataset) -> int | None:
        return None if self.is_remote else self._changes.state(dataset)  # other nodes may change them, too

    def watermark(self) -> int:
        return self._progress.loaded

    def begun(self) -> int | None:
        return self._progress.begun

    def checkpoint(self) -> bool:
        """Say that it is made: what the engine acknowledged is on disk (`schema`)."""
        reach("in-checkpoint")
        return True

    def delete_before(self, dataset: Dataset, time: datetime) -> int:
        with self._changes.of([dataset]), self._connections.client() as client:
            return delete_before(client, dataset, time, self._cluster)

    def make_room(self, dataset: Dataset) -> bool:
        """Leave that to the engine, which does it while it merges parts."""
        del dataset
        return False

    def reopen(self) -> None:
        """Open new connections, and look again whether all tables are there."""
        self._is_ready = False
        self._connections.drop()

    def close(self) -> None:
        self._connections.close()
        self._progress.close()


def _by_dataset(batch: Sequence[Lines]) -> list[tuple[Dataset, list[Lines]]]:
    """Return the lines that hold facts, by dataset."""
    found: dict[str, list[Lines]] = defaultdict(list)
    for lines in batch:
        if not lines.merged:
            found[lines.dataset.name].append(lines)
    return [(lines[0].dataset, lines) for lines in found.values()]
