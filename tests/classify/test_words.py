"""Context words are found as words of prose and as words of names in programs."""

import pytest

from meterd.classify import Detector, Engine, Library, Profile, codes
from meterd.classify.model import Dictionary
from meterd.classify.prefilter import Prefilter
from meterd.classify.system import system_library
from meterd.classify.words import Words
from tests.classify.declarations import CLASSIFIERS, UUID

ENGINE = Engine(system_library())
BIRTH = Dictionary(("date of birth", "dob", "steuer-id"))


@pytest.mark.parametrize(
    "text",
    [
        "date of birth",
        "date_of_birth",
        "date-of-birth",
        "dateOfBirth",
        "DATE_OF_BIRTH",
        "DateOfBirth",
        "dateofbirth",
        "customer.date_of_birth",
        "customerDateOfBirth",
        "date  of\nbirth",
        "dob",
        "DOB",
        "userDob",
        "userDOB",
        "dobValue",
        "user_dob_2",
        "Steuer ID",
        "steuer_id",
        "SteuerId",
    ],
)
def test_words_of_a_name_are_words(text: str) -> None:
    name = f'"{text}": 1'
    assert Words(BIRTH).find(name, 0, len(name)) is not None
    prefilter = Prefilter([BIRTH])
    assert prefilter.scan(prefilter.numbers.values()).occurring(name.encode())


@pytest.mark.parametrize("text", ["adobe", "doberman", "update of birthplace", "iDob", "DOBLO", "dobule"])
def test_a_part_of_another_word_is_none(text: str) -> None:
    assert Words(BIRTH).find(text, 0, len(text)) is None


@pytest.mark.parametrize("name", ["date_of_birth", "dateOfBirth", "birthDate", "customer.birth_date", "DOB", "born_on"])
@pytest.mark.parametrize("written", ['{{"{}": "{}"}}', "{}: {}", "{} = '{}'", "<{0}>{1}</{0}>", "?{}={}", "{}\t{}"])
def test_a_date_beside_a_name_for_it_is_a_date_of_birth(name: str, written: str) -> None:
    found = ENGINE.classify(written.format(name, "1985-03-14"), codes([("date_of_birth", 1)]))
    assert ["1985-03-14"] == [match.text for match in found]


def test_what_is_not_in_a_profile_is_compiled_too() -> None:
    engine = Engine(Library(CLASSIFIERS, [Profile(UUID, "one", (Detector("us_ssn"), Detector("not_there")))]))
    engine.prepare()
    text = "536-90-4399 tok_0123456789abcdef a@example.com 10.0.0.1"
    selected = codes([(one.code, 1) for one in CLASSIFIERS])
    assert {"US_SSN", "TOKEN", "EMAIL", "IPV4"} <= {match.classifier for match in engine.classify(text, selected)}
