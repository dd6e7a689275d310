"""How two facts about one call become one: the outer one, with what only the inner one knows."""

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

from meterd.datasets.model import Dataset, Kind

if TYPE_CHECKING:
    from meterd.datasets.rows import Row

_OUTERS_OWN = frozenset({"ts", "subject", "subject_type", "subject_id", "trace_id", "span_id", "is_failure"})
_OUTCOME = frozenset({"http_status_code", "error_type", "error_code"})
_KINDS = frozenset({Kind.TEXT, Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN})


class Merge(Enum):
    """What becomes of a column: the inner value fills a gap, fills it where both ended alike, or either may say yes."""

    GAP = "gap"
    OUTCOME = "outcome"
    EITHER = "either"


@cache
def merged_columns(dataset: Dataset) -> dict[str, Merge]:
    """Return how each column is merged; those of the outer fact's own, such as its subject, are not among them.

    An attempt that failed may lie inside of a call that succeeded, so a status and an error come from an inner fact
    that ended as the outer one did.
    """
    has_outcome = "is_failure" in dataset.by_name
    found: dict[str, Merge] = {}
    for column in dataset.columns:
        if column.kind in _KINDS and column.name not in _OUTERS_OWN:
            if column.kind is Kind.BOOLEAN:
                found[column.name] = Merge.EITHER
            else:
                found[column.name] = Merge.OUTCOME if has_outcome and column.name in _OUTCOME else Merge.GAP
    return found


def merge(dataset: Dataset, outer: "Row", inner: "Row") -> None:
    """Put into the outer fact what only the inner one knows."""
    ended_alike = getattr(outer, "is_failure", None) == getattr(inner, "is_failure", None)
    for name, how in merged_columns(dataset).items():
        known, found = getattr(outer, name), getattr(inner, name)
        if how is Merge.EITHER:
            setattr(outer, name, known or found if found is not None else known)
        elif known is None and (how is Merge.GAP or ended_alike):
            setattr(outer, name, found)
