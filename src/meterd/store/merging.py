"""Makes one stored fact of two that are of one call (`docs/decisions/0031-nested-spans.md`).

The outer fact is deleted and appended again, as an update would keep the engine from making checkpoints while queries
run.
"""

from functools import cache

import duckdb
import msgspec

from meterd.datasets import Dataset
from meterd.datasets.merging import Merge, merged_columns
from meterd.store.base import Lines
from meterd.store.pairs import pairs_of, resolved

_encoder = msgspec.json.Encoder()
_STRUCTURE = (
    '[{"trace": "VARCHAR", "inner_span": "VARCHAR", "inner_at": "BIGINT", "outer_span": "VARCHAR", '
    '"outer_at": "BIGINT", "rank": "INTEGER"}]'
)


def merge_facts(connection: duckdb.DuckDBPyConnection, lines: Lines) -> None:
    """Merge the facts that the lines name, in the transaction that is under way. What is not there stays as it is."""
    table = lines.dataset.name
    text = _encoder.encode(resolved(pairs_of(lines.text))).decode()
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE pairs AS SELECT unnest(from_json($1, '{_STRUCTURE}'), recursive := true)", [text]
    )
    bounds = connection.execute(
        "SELECT make_timestamp(least(min(inner_at), min(outer_at))), "
        "make_timestamp(greatest(max(inner_at), max(outer_at))) FROM pairs"
    ).fetchone()
    assert bounds is not None  # an aggregate is one row
    connection.execute(_matched(table), [lines.tenant, *bounds])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE merged AS {_merged(lines.dataset)}", [*bounds])
    connection.execute(
        f"DELETE FROM {table} WHERE rowid IN (SELECT outer_row FROM matched UNION SELECT inner_row FROM matched)"
    )
    connection.execute(f"INSERT INTO {table} SELECT * FROM merged")
    for name in ("pairs", "matched", "merged"):
        connection.execute(f"DROP TABLE {name}")


def _matched(table: str) -> str:
    """Return SQL that finds the rows of pairs of which both are there."""
    return (
        "CREATE OR REPLACE TEMP TABLE matched AS "
        "SELECT o.rowid AS outer_row, i.rowid AS inner_row, min(pairs.rank) AS rank FROM pairs "
        f"JOIN {table} AS o ON o.ts = make_timestamp(outer_at) AND o.trace_id = trace AND o.span_id = outer_span "
        f"JOIN {table} AS i ON i.ts = make_timestamp(inner_at) AND i.trace_id = trace AND i.span_id = inner_span "
        "WHERE o.tenant = $1 AND i.tenant = $1 AND o.ts BETWEEN $2 AND $3 AND i.ts BETWEEN $2 AND $3 "
        "AND o.rowid <> i.rowid GROUP BY ALL"
    )


@cache
def _merged(dataset: Dataset) -> str:
    """Return SQL that makes the whole facts of matched rows."""
    how = merged_columns(dataset)
    values = ["any_value(o.tenant) AS tenant"]
    for column in dataset.columns:
        name = column.name
        outer, inner = f"any_value(o.{name})", f"any_value(i.{name} ORDER BY matched.rank)"
        match how.get(name):
            case Merge.GAP:
                value = f"coalesce({outer}, {inner})"
            case Merge.OUTCOME:
                value = f"coalesce({outer}, {inner} FILTER (WHERE i.is_failure IS NOT DISTINCT FROM o.is_failure))"
            case Merge.EITHER:
                value = f"coalesce({outer} OR bool_or(i.{name}), {outer}, bool_or(i.{name}))"
            case None:
                value = outer
        values.append(f"{value} AS {name}")
    table = dataset.name
    return (
        f"SELECT {', '.join(values)} FROM matched JOIN {table} AS o ON o.rowid = outer_row "
        f"JOIN {table} AS i ON i.rowid = inner_row WHERE o.ts BETWEEN $1 AND $2 AND i.ts BETWEEN $1 AND $2 "
        "GROUP BY matched.outer_row"
    )
