"""Labelled texts and ordinary ones that were written apart from the classifiers, to measure these honestly.

Whoever changes the declarations in `meterd.classify.catalog` doesn't tune them to these texts, or adds what was changed
to `_MENDED` in `docs/generate_accuracy.py`. All seeds are fixed.
"""

from collections.abc import Iterator

from tests.classify.corpus import Labelled
from tests.classify.heldout import (
    contact,
    credentials_cloud,
    credentials_development,
    credentials_services,
    finance,
    identities_america,
    identities_asia,
    identities_south_east,
    identities_west,
    passwords,
    places,
    records,
)
from tests.classify.heldout.kind import Kind
from tests.classify.heldout.ordinary import ordinary

__all__ = ["BY_FORM", "CREDENTIALS", "KINDS", "Kind", "labelled", "ordinary"]

KINDS = (
    *contact.KINDS,
    *places.KINDS,
    *records.KINDS,
    *finance.KINDS,
    *identities_west.KINDS,
    *identities_south_east.KINDS,
    *identities_america.KINDS,
    *identities_asia.KINDS,
    *passwords.KINDS,
    *credentials_cloud.KINDS,
    *credentials_development.KINDS,
    *credentials_services.KINDS,
)
BY_FORM = frozenset(kind.name for kind in KINDS if kind.by_form)
"""The kinds that can be told by their check digits or their form; those of all others depend on the context."""


CREDENTIALS = frozenset(
    kind.name
    for module in (passwords, credentials_cloud, credentials_development, credentials_services)
    for kind in module.KINDS
)
"""The kinds of keys, tokens and passwords."""


def labelled() -> Iterator[Labelled]:
    """Every text of every kind."""
    for kind in KINDS:
        yield from kind.texts()
