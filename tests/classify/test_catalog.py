"""The system classifiers: each finds its own example, and the default profile is right about the corpus."""

import pytest

from meterd.classify import Engine, codes, profile
from meterd.classify.catalog import DEFAULT_PROFILE, SYSTEM
from meterd.classify.model import Classifier
from meterd.classify.system import DEFAULT_UUID, system_library
from tests.classify import corpus
from tests.classify.accuracy import Accuracy
from tests.classify.ordinary_texts import ORDINARY_TEXTS

CODES_OF_THE_ORIGINAL = {"US_PHONE_NUMBER": "phonenumber"}
"""Every other classifier's code is its name in lower case (`docs/specifications/ai-guard.md` section 11.1)."""

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
    assert classifier.code == CODES_OF_THE_ORIGINAL.get(classifier.name, classifier.name.lower())
    assert classifier.description
    assert set(classifier.yields_to) <= known


def test_the_default_profile_finds_what_is_there(accuracy: Accuracy) -> None:
    assert accuracy.recall() >= 0.95, accuracy.missed[:5]


def test_what_the_default_profile_reports_is_right(accuracy: Accuracy) -> None:
    assert accuracy.precision() >= 0.9, accuracy.false[:5]


@pytest.mark.parametrize("kind", ORDINARY_TEXTS)
def test_the_default_profile_reports_nothing_in_ordinary_texts(engine: Engine, kind: str) -> None:
    assert [] == engine.classify(ORDINARY_TEXTS[kind], profile(DEFAULT_UUID, 1))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("4111 1111 1111 1111", True),
        ("4111-1111-1111-1111", True),
        ("4111111111111111", True),
        ("4111 1111 1111 1112", False),
        ("4111111111111112", False),
        ("1111111111111117", False),
    ],
)
def test_a_card_number_has_an_issuer_and_a_check_digit_in_groups_or_in_a_row(
    engine: Engine, written: str, found: bool
) -> None:
    assert found == bool(engine.classify(f"paid with {written} today", codes([("credit_card_number", 1)])))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("au_medicare", "Medicare 2123 45671 1"),
        ("br_driving_licence", "CNH 12345678901"),
        ("de_social_security_number", "Rentenversicherungsnummer 65 170839 J 008"),
        ("hk_identity_card", "A123456(4)"),
        ("loinc_code", "LOINC 2345-6"),
        ("mx_clabe", "CLABE 032180000118359710"),
        ("parcel_tracking_number", "1Z999AA10123456785"),
        ("ru_snils", "СНИЛС 112-233-445 96"),
        ("sg_nric", "NRIC S1234567A"),
        ("us_npi", "NPI 1234567890"),
        ("vehicle_identification_number", "VIN 1HGCM82643A004352"),
    ],
)
def test_a_number_with_a_wrong_check_digit_is_not_reported_even_near_its_word(
    engine: Engine, code: str, text: str
) -> None:
    assert [] == engine.classify(text, codes([(code, 1)]))


@pytest.mark.parametrize("code", ["lob_key", "mailgun_api_key", "launchdarkly_key"])
def test_a_credential_of_a_common_form_needs_a_word_for_it(engine: Engine, code: str) -> None:
    example = engine.library.classifier(code, 1).example
    assert [] == engine.classify(example.split()[-1], codes([(code, 1)]))
    assert 1 == len(engine.classify(example, codes([(code, 1)])))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("github_personal_token", f"ghp_{'x' * 36}"),
        ("crates_io_token", "cioEventHandlerRegistrationCallback"),
        ("twilio_api_key", f"SK{'0' * 32}"),
        ("basic_auth_header", "Authorization: Basic credentials"),
        ("basic_auth_url", "https://${USER}:${PASSWORD}@example.com"),
        ("password_assignment", "password = settings.password"),
        ("password_assignment", "password: string"),
        ("json_web_key", '{"d": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}'),
    ],
)
def test_what_stands_in_for_a_secret_is_not_reported(engine: Engine, code: str, text: str) -> None:
    assert [] == engine.classify(text, codes([(code, 1)]))


@pytest.mark.parametrize("name", CHECKED)
def test_kinds_with_a_check_or_a_form_are_found_and_right(accuracy: Accuracy, name: str) -> None:
    assert accuracy.recall(name) >= 0.95
    assert accuracy.precision(name) >= 0.9
