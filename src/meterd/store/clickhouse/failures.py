"""What ClickHouse's errors are to the layers above. Their texts quote data, so only code and name are repeated."""

from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.exceptions import ClickHouseError, Error

from meterd.store.base import QueryCancelled, QueryMemory, QueryTimeout, StoreError, Unreadable


class Missing(StoreError):
    """There is no such table, or no such database."""


_KINDS: dict[int, type[StoreError]] = {
    159: QueryTimeout,  # TIMEOUT_EXCEEDED
    160: QueryTimeout,  # TOO_SLOW
    158: QueryMemory,  # TOO_MANY_ROWS
    241: QueryMemory,  # MEMORY_LIMIT_EXCEEDED
    396: QueryMemory,  # TOO_MANY_ROWS_OR_BYTES
    394: QueryCancelled,  # QUERY_WAS_CANCELLED
    60: Missing,  # UNKNOWN_TABLE
    81: Missing,  # UNKNOWN_DATABASE
}
_OF_DATA = frozenset(
    {
        6,  # CANNOT_PARSE_TEXT
        25,  # CANNOT_PARSE_ESCAPE_SEQUENCE
        26,  # CANNOT_PARSE_QUOTED_STRING
        27,  # CANNOT_PARSE_INPUT_ASSERTION_FAILED
        33,  # CANNOT_READ_ALL_DATA
        38,  # CANNOT_PARSE_DATE
        41,  # CANNOT_PARSE_DATETIME
        53,  # TYPE_MISMATCH
        69,  # ARGUMENT_OUT_OF_BOUND
        70,  # CANNOT_CONVERT_TYPE
        72,  # CANNOT_PARSE_NUMBER
        117,  # INCORRECT_DATA
        130,  # CANNOT_READ_ARRAY_FROM_TEXT
        321,  # VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
        349,  # CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
        376,  # CANNOT_PARSE_UUID
        407,  # DECIMAL_OVERFLOW
        467,  # CANNOT_PARSE_BOOL
        469,  # VIOLATED_CONSTRAINT
    }
)
"""Codes that say that lines can't be read. All others may pass: the same is tried again."""
_DEEPEST = 10
"""Exceptions that stand behind one another that are looked through."""
_OF_LOGIN = frozenset({192, 193, 194, 516})
"""UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED."""


class Refused(StoreError):
    """The server does not take the user or the password."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise what the layers above know an error as."""
    try:
        yield
    except (ClickHouseError, OSError) as error:
        raise failure(error) from None


@contextmanager
def translated_insert() -> Iterator[None]:
    """As `translated`, for lines: of an error that is about them `Unreadable`, of limits a plain `StoreError`."""
    try:
        yield
    except (ClickHouseError, OSError) as error:
        if code_of(error) in _OF_DATA:
            raise Unreadable(described(error)) from None
        raise StoreError(described(error)) from None


def failure(error: Exception) -> StoreError:
    code = code_of(error)
    if code in _OF_LOGIN:
        return Refused(described(error))
    return (StoreError if code is None else _KINDS.get(code, StoreError))(described(error))


def code_of(error: Exception) -> int | None:
    """Return the code that ClickHouse gave; None when the error is none of ClickHouse's own."""
    return error.code if isinstance(error, Error) else None


def described(error: Exception) -> str:
    """Say what went wrong, without the data and addresses that the engine likes to quote."""
    if isinstance(error, Error) and error.code is not None:
        return f"ClickHouse refuses: error {error.code}{f' ({error.name})' if error.name else ''}"
    return f"ClickHouse does not answer ({_reason(error)})"


def _reason(error: BaseException) -> str:
    """Return what the system says of a connection; of all else the kind."""
    inner: BaseException | None = error
    for _ in range(_DEEPEST):
        if inner is None:
            break
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        reason = getattr(inner, "reason", None)  # as urllib3 has it
        inner = reason if isinstance(reason, BaseException) else inner.__cause__ or inner.__context__
    return type(error.__cause__ or error).__name__
