"""SQL that makes facts of the journal's lines of JSON (`docs/decisions/0003-json-lines.md`)."""

from collections.abc import Sequence

from meterd.datasets import Column, Dataset, Kind

TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.NUMBER: "DOUBLE",
    Kind.INTEGER: "BIGINT",
    Kind.UNSIGNED: "UBIGINT",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.TIME: "TIMESTAMP",
    Kind.TEXTS: "VARCHAR[]",
    Kind.NUMBERS: "DOUBLE[]",
    Kind.TEXT_MAP: "MAP(VARCHAR, VARCHAR)",
    Kind.JSON: "VARCHAR",
}
_PACKED_TYPES = {Kind.TIME: "BIGINT"}


def insert_statement(dataset: Dataset) -> str:
    """Return SQL that appends lines of JSON (`$2`) for a tenant (`$1`). It fails for a fact without a time.

    The lines were written from `Dataset.row_type`, whose types fit the columns; members left out become null.
    """
    return _insert(dataset, _row(dataset), [_value(column) for column in dataset.columns])


def packed_insert_statement(dataset: Dataset) -> str:
    """Return the like of `insert_statement` for packed lines."""
    values = [
        _unpacked(column) if column.name in dataset.packed else _value(column, "r.shared") for column in dataset.columns
    ]
    return _insert(dataset, _batch(dataset), values)


def _insert(dataset: Dataset, shape: str, values: Sequence[str]) -> str:
    """Return SQL that appends what `values` makes of each line, which has a shape."""
    names = ", ".join(column.name for column in dataset.columns)
    return (
        f"INSERT INTO {dataset.name} (tenant, {names}) SELECT $1, {', '.join(values)} FROM ("
        f"SELECT from_json(line, '{shape}') AS r FROM ("
        "SELECT unnest(string_split($2::VARCHAR, chr(10))) AS line))"
    )


def count_statement(dataset: Dataset) -> str:
    """Return SQL that tells of each line of JSON (`$1`) how many facts it holds: 1, or 0 when it can't be read."""
    return _each_line(_row(dataset), f"CAST({_time(dataset)} IS NOT NULL AS INTEGER)")


def packed_count_statement(dataset: Dataset) -> str:
    """Return the like of `count_statement` of packed lines."""
    return _each_line(
        _batch(dataset), "CASE WHEN list_count(r.each.ts) = len(r.each.ts) THEN len(r.each.ts) ELSE 0 END"
    )


def _each_line(structure: str, count: str) -> str:
    return (
        f"SELECT {count} FROM (SELECT place, TRY(from_json(line, '{structure}')) AS r FROM ("
        "SELECT unnest(lines) AS line, generate_subscripts(lines, 1) AS place FROM ("
        "SELECT string_split($1::VARCHAR, chr(10)) AS lines))) ORDER BY place"
    )


def _row(dataset: Dataset) -> str:
    """Return the structure of a line for `from_json`."""
    members = ", ".join(f'"{column.member}": {_structure(column.kind)}' for column in dataset.columns)
    return f"{{{members}}}"


def _batch(dataset: Dataset) -> str:
    """Return the structure of a packed line."""
    each = [dataset.by_name[name] for name in dataset.packed]
    arrays = ", ".join(f'"{column.name}": ["{_PACKED_TYPES.get(column.kind, TYPES[column.kind])}"]' for column in each)
    return f'{{"each": {{{arrays}}}, "shared": {_row(dataset)}}}'


def _time(dataset: Dataset) -> str:
    return f'r."{dataset.by_name["ts"].member}"'


def _unpacked(column: Column) -> str:
    values = f'unnest(r.each."{column.name}")'
    return _required(f"make_timestamp({values})") if column.kind is Kind.TIME else values


def _required(time: str) -> str:
    """Return SQL that fails without a time: no query would find such a fact."""
    return f"coalesce({time}, error('a fact has no time'))"


def _structure(kind: Kind) -> str:
    """Return the type of a member for `from_json`, which writes arrays in its own way."""
    type_ = TYPES[kind]
    return f'["{type_.removesuffix("[]")}"]' if type_.endswith("[]") else f'"{type_}"'


def _value(column: Column, row: str = "r") -> str:
    value = f'{row}."{column.member}"'
    if column.name == "ts":
        return _required(value)
    empty = {Kind.TEXTS: "[]", Kind.TEXT_MAP: "MAP {}"}.get(column.kind)
    return f"coalesce({value}, {empty})" if empty else value
