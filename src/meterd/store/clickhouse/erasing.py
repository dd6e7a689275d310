"""Takes a person out of ClickHouse. Rows are written anew, so that nothing is left in the parts that are read."""

from clickhouse_connect.driver.client import Client

from meterd.datasets import Column, Dataset, Kind
from meterd.datasets.person import Person
from meterd.store.clickhouse.connections import Connections, Setting
from meterd.store.clickhouse.schema import stored_in

_DONE: dict[str, Setting] = {"mutations_sync": 2}
"""Answer when all replicas have done it."""


class ClickHouseErasure:
    """Works on the facts in the database of `connections`, on one server or in all shards of a `cluster`."""

    def __init__(self, connections: Connections, cluster: str) -> None:
        self._connections = connections
        self._cluster = cluster

    def count(self, dataset: Dataset, person: Person) -> int:
        with self._connections.client() as client:
            return self._count(client, dataset, person)

    def delete(self, dataset: Dataset, person: Person) -> int:
        with self._connections.client() as client:
            count = self._count(client, dataset, person)
            self._change(client, dataset, "DELETE", person, {})
        return count

    def rename(self, dataset: Dataset, person: Person, pseudonym: str) -> int:
        changes = ", ".join(f"`{column.name}` = {_renamed(column)}" for column in dataset.persons)
        with self._connections.client() as client:
            count = self._count(client, dataset, person)
            self._change(client, dataset, f"UPDATE {changes}", person, {"pseudonym": pseudonym})
        return count

    def close(self) -> None:
        self._connections.close()

    def scrub(self) -> bool:
        """Say that it is done: the engine removes parts that it no longer reads by itself, after some minutes."""
        self.close()
        return True

    def _count(self, client: Client, dataset: Dataset, person: Person) -> int:
        sql = f"SELECT count() FROM `{dataset.name}` WHERE {_condition(dataset)}"
        return int(client.query(sql, parameters=_values(person), settings={"final": 1}).result_rows[0][0])

    def _change(self, client: Client, dataset: Dataset, what: str, person: Person, more: dict[str, str]) -> None:
        """Change every row that names the person, also those that reading does not show."""
        where = f" ON CLUSTER '{self._cluster}'" if self._cluster else ""
        table = f"`{stored_in(dataset, self._cluster)}`{where}"
        sql = f"ALTER TABLE {table} {what} WHERE {_condition(dataset)}"
        client.command(sql, parameters=_values(person) | more, settings=_DONE)


def _values(person: Person) -> dict[str, object]:
    return {"subject": person.subject, "type": person.type, "tenants": list(person.tenants)}


def _condition(dataset: Dataset) -> str:
    named = " OR ".join(f"({_names(column)})" for column in dataset.persons)
    return f"has({{tenants:Array(String)}}, tenant) AND ({named})"


def _names(column: Column) -> str:
    """Return the condition that a column names the person; null is none."""
    if column.kind is Kind.TEXT_MAP:
        return f"has(mapValues(`{column.name}`), {{subject:String}})"
    of_type = " AND ifNull(subject_type, {type:String}) = {type:String}" if column.name == "subject" else ""
    return f"ifNull(`{column.name}`, '') = {{subject:String}}{of_type}"


def _renamed(column: Column) -> str:
    """Return the value of a column with the pseudonym in place of the person's name."""
    if column.kind is Kind.TEXT_MAP:
        value = "if(value = {subject:String}, {pseudonym:String}, value)"
        return f"mapApply((key, value) -> (key, {value}), `{column.name}`)"
    return f"if({_names(column)}, {{pseudonym:String}}, `{column.name}`)"
