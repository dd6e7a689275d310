"""The database in ClickHouse: whether it has every table and column, and whose facts it holds."""

import uuid
from collections import defaultdict
from collections.abc import Iterable

import msgspec
from clickhouse_connect.driver.client import Client

from meterd.datasets import Dataset
from meterd.store.clickhouse import schema
from meterd.store.clickhouse.connections import Connections, Setting
from meterd.store.clickhouse.inserting import insert


class Database:
    """The database of `connections`, on one server or in all shards of a `cluster`. Whatever it does may be repeated.

    Its methods raise `StoreError`.
    """

    def __init__(self, connections: Connections, cluster: str, inserting: dict[str, Setting]) -> None:
        self._connections = connections
        self._cluster = cluster
        self._inserting = inserting

    def create(self, datasets: Iterable[Dataset]) -> None:
        """Create what is missing."""
        with self._connections.outside() as client:
            client.command(schema.database_statement(self._connections.address.database, self._cluster))
        with self._connections.client() as client:
            for statement in schema.installations_statements(self._cluster):
                client.command(statement)
            there = _columns(client)
            for dataset in datasets:
                for statement in self._statements(dataset, there.get(schema.stored_in(dataset, self._cluster))):
                    client.command(statement)

    def _statements(self, dataset: Dataset, there: set[str] | None) -> list[str]:
        if there is None:
            return schema.table_statements(dataset, self._cluster)
        return schema.column_statements(dataset, there, self._cluster)

    def installations(self) -> set[str]:
        """Return which installations have facts here: nodes that share metadata are one."""
        with self._connections.client() as client:
            rows = client.query(f"SELECT installation FROM {schema.INSTALLATIONS}").result_rows
            return {str(row[0]) for row in rows}

    def add_installation(self, installation: str) -> None:
        row = msgspec.json.encode({"installation": installation, schema.IDENTITY: uuid.uuid4().hex}).decode()
        with self._connections.client() as client:
            columns = ("installation", schema.IDENTITY)
            insert(client, schema.INSTALLATIONS, columns, [row], installation, self._inserting)


def _columns(client: Client) -> dict[str, set[str]]:
    """Return the columns of each table that is there."""
    there: dict[str, set[str]] = defaultdict(set)
    rows = client.query("SELECT table, name FROM system.columns WHERE database = currentDatabase()").result_rows
    for table, name in rows:
        there[str(table)].add(str(name))
    return there
