"""What errors of PostgreSQL mean to a caller."""

from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from meterd.errors import InvalidInput, MeterdError, Unavailable

_RETRY_AFTER = 2


class Reason(StrEnum):
    """Why something could not be done now."""

    CONNECTION = "PostgreSQL does not answer"
    READ_ONLY = "PostgreSQL takes no changes, as another server may do by now"
    POOL = "all of its connections are in use (directory.connections)"
    TIMEOUT = "it took too long (directory.timeout)"
    CONFLICT = "others changed the same"
    RESOURCES = "PostgreSQL is out of memory, connections or disk"

    @property
    def is_lasting(self) -> bool:
        """Whether others have no better chance at the moment."""
        return self in (Reason.CONNECTION, Reason.READ_ONLY)


_OF_CODES = {
    "25006": Reason.READ_ONLY,
    "57014": Reason.TIMEOUT,  # a statement
    "55P03": Reason.TIMEOUT,  # a lock
    "25P03": Reason.TIMEOUT,  # a transaction that did nothing; the connection is gone
    "40001": Reason.CONFLICT,
    "40P01": Reason.CONFLICT,
}
_OF_CLASSES = {"53": Reason.RESOURCES, "57": Reason.CONNECTION, "08": Reason.CONNECTION}
_TOO_LONG = "54000"


def reason_of(error: BaseException) -> Reason:
    """Tell why something failed that has nothing to do with what was asked for."""
    if isinstance(error, NoConnection):
        return Reason.POOL
    code = code_of(error)
    return _OF_CODES.get(code) or _OF_CLASSES.get(code[:2], Reason.CONNECTION)


def ends_connections(error: BaseException) -> bool:
    """Tell whether no connection to that server is of use any more: it ends, or another has taken its place."""
    code = code_of(error)
    return code == "25006" or code[:2] == "08" or (code[:3] == "57P" and code != "57P04")


def code_of(error: BaseException) -> str:
    """Return PostgreSQL's own code, empty where it has said nothing."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or ""


def translated(error: BaseException) -> MeterdError:
    """Return what a caller is told: nothing of where the database is, or of what is in it."""
    if code_of(error) == _TOO_LONG:
        return InvalidInput("names of this length are not kept: shorten the id")
    return Unavailable(f"the directory can't be read or written: {reason_of(error)}", _RETRY_AFTER)
