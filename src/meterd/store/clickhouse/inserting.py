"""Insertions into ClickHouse that count once, however often they are sent (`docs/clickhouse.md`)."""

import hashlib
from collections.abc import Iterator, Sequence

from clickhouse_connect.driver.client import Client

from meterd.store.clickhouse.connections import Setting
from meterd.store.clickhouse.failures import translated_insert

_MOST_ROWS = 500_000
_MOST_CHARACTERS = 100 * 2**20
"""An insertion that is one block is there as a whole or not at all; the engine cuts at 1,048,449 rows and 256 MiB."""
SETTINGS: dict[str, Setting] = {
    "async_insert": 0,
    "optimize_on_insert": 0,  # reading picks one row of each identity; doing it here, too, would double the price
    "max_insert_block_size": 1_048_449,
    "min_insert_block_size_rows": 1_048_449,
    "min_insert_block_size_bytes": 268_402_944,
    "max_insert_threads": 1,
    "input_format_parallel_parsing": 0,  # a third less work, and other nodes have the other processors
    "max_partitions_per_insert_block": 0,  # facts may be of any month since 1970
    "date_time_input_format": "best_effort",
    "input_format_skip_unknown_fields": 1,
    "input_format_null_as_default": 1,
}
"""Pinned, as defaults differ between versions, and as another block size makes another insertion of the same rows."""
IN_CLUSTER: dict[str, Setting] = {"distributed_foreground_insert": 1, "insert_quorum": "auto"}


def insert(
    client: Client, table: str, columns: Sequence[str], rows: Sequence[str], name: str, settings: dict[str, Setting]
) -> None:
    """Add rows of JSON. Of the same rows under the same name the engine takes the first.

    Raises:
        Unreadable: a row can't be read; none is there then, of a block.
        StoreError: the engine failed otherwise, and the rows are there or not.
    """
    for block in _blocks(rows):
        body = "\n".join(block).encode()
        token = f"{name}:{hashlib.blake2b(body, digest_size=16).hexdigest()}"
        with translated_insert():
            client.raw_insert(
                table,
                column_names=list(columns),
                insert_block=body,
                fmt="JSONEachRow",
                settings=SETTINGS | settings | {"insert_deduplication_token": token},
            )


def _blocks(rows: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut rows into blocks, the same ones each time."""
    size = sum(map(len, rows))
    number = max(-(-len(rows) // _MOST_ROWS), -(-size // _MOST_CHARACTERS), 1)
    length = max(1, -(-len(rows) // number))
    for begin in range(0, len(rows), length):
        yield rows[begin : begin + length]
