"""Writes `meterd/datasets/rows.pyi` from the declarations of datasets: `make docs`. A test compares the two."""

from collections.abc import Iterator
from pathlib import Path

from meterd.datasets import COMMON, DATASETS, Column, Dataset, Kind

STUB = Path(__file__).parents[1] / "src" / "meterd" / "datasets" / "rows.pyi"
_HEAD = '''\
"""Types of rows, for the type checker only: generated from the declarations beside this file (`make docs`).

`Dataset.row_type` makes the structs when the service runs. Import from here under `TYPE_CHECKING`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

import msgspec
'''
_TYPES = {
    Kind.TEXT: "str",
    Kind.NUMBER: "float",
    Kind.INTEGER: "int",
    Kind.UNSIGNED: "int",
    Kind.BOOLEAN: "bool",
    Kind.TIME: "datetime",
    Kind.TEXTS: "Sequence[str]",
    Kind.NUMBERS: "Sequence[float | None]",
    Kind.TEXT_MAP: "Mapping[str, str]",
    Kind.JSON: "str",
}


def stub() -> str:
    """Return the whole file."""
    parts = [_HEAD, *_classes("Row", "What every fact has.", COMMON, "msgspec.Struct", "TypedDict")]
    for dataset in DATASETS.values():
        own = dataset.columns[len(COMMON) :]
        parts += _classes(class_name(dataset), f"A fact of `{dataset.name}`.", own, "Row", "RowColumns")
    return "".join(parts)


def class_name(dataset: Dataset) -> str:
    """Return the name of the class of a dataset's rows: `model_calls` -> `ModelCall`."""
    return "".join(word.capitalize() for word in dataset.name.removesuffix("s").split("_"))


def _classes(name: str, what: str, columns: tuple[Column, ...], row: str, dictionary: str) -> Iterator[str]:
    """Write the class of a row, and of a dictionary of some of its columns."""
    yield f'\nclass {name}({row}, kw_only=True):\n    """{what}"""\n\n'
    for column in columns:
        yield f"    {column.name}: {_type(column)}{'' if column.required else ' = None'}\n"
    yield f'\nclass {name}Columns({dictionary}, total=False):\n    """Some of its columns, to make it of."""\n\n'
    for column in columns:
        yield f"    {column.name}: {_type(column)}\n"


def _type(column: Column) -> str:
    return _TYPES[column.kind] if column.required else f"{_TYPES[column.kind]} | None"


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
