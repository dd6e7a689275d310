"""Names and places, which take a language model to find; a `Recogniser` hides which one."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from meterd.classify.catalog import SYSTEM
from meterd.classify.model import Category, Classifier, Likelihood, refuse

PERSON = "PERSON"
LOCATION = "LOCATION"
ORGANIZATION = "ORGANIZATION"
NRP = "NRP"
KINDS = (PERSON, LOCATION, ORGANIZATION, NRP)
"""Kinds of entities, in Presidio's words; the last one stands for nationality, religion and politics."""


class Entity(msgspec.Struct, frozen=True):
    """An entity: characters `start` to `end` (exclusive) are of a kind; `score` says from 0 to 1 how sure that is."""

    kind: str
    start: int
    end: int
    score: float


class Recogniser(Protocol):
    """Finds entities, for any number of threads."""

    def find(self, text: str) -> Sequence[Entity]:
        """Return the entities of a text. Raises `TooSlow`."""
        ...


_LEVELS = (
    (0.9, Likelihood.VERY_LIKELY),
    (0.6, Likelihood.LIKELY),
    (0.4, Likelihood.POSSIBLE),
    (0.2, Likelihood.UNLIKELY),
    (0.0, Likelihood.VERY_UNLIKELY),
)
"""Likelihoods, each from a score on."""


def likelihood(score: float) -> Likelihood:
    """Tell how likely an entity with this score is."""
    return next(level for minimum, level in _LEVELS if score >= minimum)


def _classifier(code: str, kind: str, category: Category, description: str) -> Classifier:
    """Declare a classifier that yields to all system classifiers: a model also sees names in addresses and secrets."""
    return Classifier(
        code,
        code.upper(),
        category,
        description,
        patterns=(),
        rules=(refuse(r"[0-9_=<>{}()\[\]@/\\|*#]"),),
        yields_to=tuple(classifier.code for classifier in SYSTEM),
        entity=kind,
    )


CLASSIFIERS = (
    _classifier("person_name", PERSON, Category.DEMOGRAPHIC, "Name of a person"),
    _classifier("location", LOCATION, Category.LOCATION, "City, country or other place"),
    _classifier("organisation_name", ORGANIZATION, Category.ORGANISATION, "Name of a company or institution"),
    _classifier("group_membership", NRP, Category.DEMOGRAPHIC, "Nationality, religion or political group"),
)

DEFAULT = ("person_name", "location")
"""Codes of those that the default profile has, as far as there is a model."""
