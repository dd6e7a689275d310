"""Answers of the metrics query."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from meterd.client.errors import MissingPackage, UnexpectedAnswer

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped,import-not-found,unused-ignore]  # has no types of its own
    import polars

_TIMES = ("startTimestamp", "endTimestamp")


class QueryResult(msgspec.Struct, frozen=True):
    """The rows of an answer; iterable, and as long as it has rows.

    `rows` are as the server sent them: `total`, the groups and the aggregations under their names, and in a time series
    `startTimestamp` and `endTimestamp` as ISO 8601 text. The question decides what types the values have.
    `other_groups` is how many groups the rows with `other` stand for.
    """

    rows: list[dict[str, Any]]
    other_groups: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def to_pandas(self) -> "pandas.DataFrame":
        """Make a frame with a column for each name and times as UTC datetimes; without rows it has no columns.

        Raises `MissingPackage` when pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise _missing("pandas") from None
        return pandas.DataFrame.from_records(self._timed())

    def to_polars(self) -> "polars.DataFrame":
        """Make a frame with a column for each name and times as UTC datetimes; without rows it has no columns.

        Raises `MissingPackage` when polars is not installed.
        """
        try:
            import polars
        except ImportError:
            raise _missing("polars") from None
        return polars.from_dicts(self._timed(), infer_schema_length=None) if self.rows else polars.DataFrame()

    def _timed(self) -> list[dict[str, Any]]:
        """Return the rows with datetimes for times."""
        return [row | {name: datetime.fromisoformat(row[name]) for name in _TIMES if name in row} for row in self.rows]


def _missing(package: str) -> MissingPackage:
    return MissingPackage(f"to_{package}() needs {package}: pip install {package}", name=package)


class _Data(msgspec.Struct, frozen=True, rename="camel"):
    data_points: list[dict[str, Any]]
    other_groups: int = 0


class _Response(msgspec.Struct, frozen=True):
    data: _Data


def read_result(body: bytes) -> QueryResult:
    """Read the result in a successful answer's body.

    Raises:
        UnexpectedAnswer: there is none.
    """
    try:
        data = msgspec.json.decode(body, type=_Response).data
        return QueryResult(data.data_points, data.other_groups)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnexpectedAnswer(f"the answer to the query is not one of meterd's: {error}") from None
