"""Deletes what is too old from ClickHouse: whole months at once, and rows of the month that is cut."""

from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from meterd.datasets import Dataset
from meterd.store.clickhouse.schema import everywhere, stored_in


def delete_before(client: Client, dataset: Dataset, time: datetime, cluster: str) -> int:
    """Delete facts that happened before a time; returns how many."""
    utc = time.astimezone(UTC)
    is_old = f"ts < toDateTime64('{utc:%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')"
    table, stored = f"`{dataset.name}`", f"`{stored_in(dataset, cluster)}`{everywhere(cluster)}"
    counted = client.query(f"SELECT count() FROM {table} WHERE {is_old}", settings={"final": 1})
    months = client.query(f"SELECT DISTINCT toYYYYMM(ts) FROM {table} WHERE {is_old}").result_rows
    for (month,) in months:
        if month < utc.year * 100 + utc.month:
            client.command(f"ALTER TABLE {stored} DROP PARTITION {month}")
        else:
            client.command(f"DELETE FROM {stored} WHERE {is_old}")
    return int(counted.result_rows[0][0])
