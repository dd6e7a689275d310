"""What the tests know of a datasource."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from meterd.datasets import Dataset
from tests.datasources.values import Values
from tests.datasources.vocabulary import Operators

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Declaration(NamedTuple):
    """What queries of a datasource may say, and what its rows hold; metadata keys, which all have, are left out.

    Attributes:
        groups: names to group by.
        filters: operators by field.
        measures: columns to aggregate as numbers.
        dimension: a member that tests may name a row by.
        members: what each member of a row may be, beyond the common ones.
        required: members without which a row is refused, with a value; those of a session aside.
        further: fields that come from settings or tags.
        pinned: the member that only the facts of this datasource have; they are sent through another.
        totals: columns with running totals.
        distributions: columns with running distributions.
    """

    name: str
    dataset: Dataset
    groups: tuple[str, ...]
    filters: dict[str, Operators]
    measures: tuple[str, ...]
    dimension: str
    members: dict[str, Values]
    required: Mapping[str, Any] = NOTHING
    further: tuple[str, ...] = ()
    pinned: str = ""
    totals: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
