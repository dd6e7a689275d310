"""The system classifiers: each finds its own example, and the default profile is right about the corpus."""

import pytest

from meterd.classify import Engine, codes
from meterd.classify.catalog import DEFAULT_PROFILE, SYSTEM
from meterd.classify.model import Classifier
from meterd.classify.system import system_library
from tests.classify import corpus
from tests.classify.accuracy import Accuracy

CHECKED = (
    "AWS_ACCESS_KEY_ID",
    "BR_CPF",
    "CREDIT_CARD_NUMBER",
    "EMAIL_ADDRESS",
    "IBAN_CODE",
    "IPV4_ADDRESS",
    "IT_CODICEFISCALE",
    "JSON_WEB_TOKEN",
    "MAC_ADDRESS",
    "NL_BSN",
    "PL_PESEL",
    "SE_PERSONNUMMER",
    "SLACK_TOKEN",
    "US_PHONE_NUMBER",
    "US_SSN",
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(system_library())


@pytest.fixture(scope="module")
def accuracy(engine: Engine) -> Accuracy:
    measured = Accuracy(engine)
    for texts in (corpus.personal(), corpus.addresses(), corpus.secrets()):
        measured.take(texts)
    measured.take_ordinary()
    return measured


def test_there_are_more_than_three_hundred_and_each_has_a_code_of_its_own() -> None:
    assert len(SYSTEM) > 300
    assert len({classifier.code for classifier in SYSTEM}) == len(SYSTEM)


def test_the_default_profile_names_system_classifiers_once_each() -> None:
    assert set(DEFAULT_PROFILE) <= {classifier.code for classifier in SYSTEM}
    assert len(set(DEFAULT_PROFILE)) == len(DEFAULT_PROFILE)


@pytest.mark.parametrize("classifier", SYSTEM, ids=lambda classifier: classifier.code)
def test_a_classifier_finds_its_own_example(engine: Engine, classifier: Classifier) -> None:
    found = engine.classify(classifier.example, codes([(classifier.code, classifier.version)]))
    assert {match.classifier for match in found} == {classifier.name}


@pytest.mark.parametrize("classifier", SYSTEM, ids=lambda classifier: classifier.code)
def test_a_classifier_is_fully_declared(classifier: Classifier) -> None:
    known = {one.code for one in SYSTEM} | {one.family for one in SYSTEM}
    assert classifier.name == classifier.code.upper()
    assert classifier.description
    assert set(classifier.yields_to) <= known


def test_the_default_profile_finds_what_is_there(accuracy: Accuracy) -> None:
    assert accuracy.recall() >= 0.95, accuracy.missed[:5]


def test_what_the_default_profile_reports_is_right(accuracy: Accuracy) -> None:
    assert accuracy.precision() >= 0.9, accuracy.false[:5]


@pytest.mark.parametrize("name", CHECKED)
def test_kinds_with_a_check_or_a_form_are_found_and_right(accuracy: Accuracy, name: str) -> None:
    assert accuracy.recall(name) >= 0.95
    assert accuracy.precision(name) >= 0.9
