"""Entities among the findings of an engine; what a model would find is given."""

from collections.abc import Sequence

import pytest

from meterd.classify import ClassifierNotFound, Engine, Likelihood, Match, codes, profile
from meterd.classify.entities import CLASSIFIERS, KINDS, LOCATION, PERSON, Entity, likelihood
from meterd.classify.system import DEFAULT_UUID, system_library


class Known:
    """Finds the words that it is given, each a kind and a score, wherever they are."""

    def __init__(self, **words: tuple[str, float]) -> None:
        self._words = words

    def find(self, text: str) -> Sequence[Entity]:
        return [
            Entity(kind, start, start + len(word), score)
            for word, (kind, score) in self._words.items()
            if (start := text.find(word)) >= 0
        ]


RECOGNISER = Known(Ann=(PERSON, 0.85), Paris=(LOCATION, 0.7), Bert=(PERSON, 0.45), Linux_4=(PERSON, 0.85))
ENGINE = Engine(system_library(with_entities=True), RECOGNISER)
DEFAULT = profile(DEFAULT_UUID, 1)


def found(text: str, engine: Engine = ENGINE) -> list[tuple[str, str, int]]:
    return [(match.classifier, match.text, match.confidence) for match in engine.classify(text, DEFAULT)]


def test_the_default_profile_has_names_and_places() -> None:
    assert [("PERSON_NAME", "Ann", 75), ("LOCATION", "Paris", 75)] == found("Ann is in Paris")


def test_they_are_where_they_begin_and_end_in_code_points() -> None:
    assert [Match(3, 6, 75, "Ann", "PERSON_NAME")] == ENGINE.classify("🙂é Ann", DEFAULT)
    assert [Match(2, 5, 75, "Ann", "PERSON_NAME")] == ENGINE.classify("\ud83d Ann", DEFAULT)


def test_what_is_less_likely_than_the_minimum_is_not_reported() -> None:
    assert [] == found("Bert")
    assert ["PERSON_NAME"] == [one.classifier for one in ENGINE.classify("Bert", DEFAULT, minimum=Likelihood.POSSIBLE)]


def test_what_has_digits_or_signs_in_it_is_no_name() -> None:
    assert [] == found("Linux_4")


@pytest.mark.parametrize(
    ("text", "classifier"),
    [
        ("write to Ann.Smith@example.com", "EMAIL_ADDRESS"),
        ("deliver it to 12 Paris Street please", "US_STREET_ADDRESS"),
    ],
)
def test_a_name_within_another_finding_is_not_one_of_its_own(text: str, classifier: str) -> None:
    assert [classifier] == [name for name, _, _ in found(text)]


def test_without_a_model_there_are_no_such_classifiers() -> None:
    engine = Engine(system_library())

    assert [] == found("Ann is in Paris", engine)
    for classifier in CLASSIFIERS:
        with pytest.raises(ClassifierNotFound):
            engine.classify("Ann", codes([(classifier.code, 1)]))


def test_every_kind_has_a_classifier() -> None:
    assert sorted(KINDS) == sorted(classifier.entity for classifier in CLASSIFIERS)


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (1.0, Likelihood.VERY_LIKELY),
        (0.9, Likelihood.VERY_LIKELY),
        (0.89, Likelihood.LIKELY),
        (0.5, Likelihood.POSSIBLE),
        (0.3, Likelihood.UNLIKELY),
        (0.0, Likelihood.VERY_UNLIKELY),
    ],
)
def test_a_score_makes_a_likelihood(score: float, level: Likelihood) -> None:
    assert level is likelihood(score)
