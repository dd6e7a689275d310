import json
import os
from pathlib import Path

import msgspec
import pytest

from meterd.classify import Engine, UnusableSource, profile
from meterd.classify.definitions import write
from meterd.classify.sources import DirectorySource
from tests.classify.declarations import LIBRARY, TOKEN

UUID = "11111111-2222-3333-4444-555555555555"
MINE = msgspec.structs.replace(TOKEN, code="mine", name="MINE")
PROFILE = {
    "id": UUID,
    "name": "Mine",
    "profileVersion": 2,
    "custom": True,
    "nerEnabled": False,
    "profileSettings": [{"detectorName": "MINE", "detectorCode": "mine", "detectorVersion": 1, "threshold": 30}],
}


def filled(directory: Path) -> Path:
    (directory / "mine.json").write_bytes(write(MINE, custom=True))
    (directory / f"{UUID}.json").write_bytes(msgspec.json.encode(PROFILE))
    return directory


def test_profiles_and_classifiers_of_a_directory_add_to_those_built_in(tmp_path: Path) -> None:
    library = DirectorySource(filled(tmp_path), LIBRARY).changed()
    assert library is not None
    matches = Engine(library).classify("tok_0123456789abcdef", profile(UUID.upper(), 2))
    assert ["MINE"] == [match.classifier for match in matches]
    assert LIBRARY.classifier("US_SSN", 1) == library.classifier("US_SSN", 1)


def test_a_directory_is_read_again_only_after_a_change(tmp_path: Path) -> None:
    source = DirectorySource(filled(tmp_path), LIBRARY)
    assert source.changed() is not None
    assert source.changed() is None
    os.utime(tmp_path / "mine.json", ns=(1, 1))
    assert source.changed() is not None


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("bad.json", b"{", "bad.json: "),
        ("bad.json", b'{"name": "BAD", "detections": [{"pattern": {"regex": "("}}]}', "missing"),
        ("other.json", write(MINE), "otCode"),
        ("22222222-2222-3333-4444-555555555555.json", msgspec.json.encode(PROFILE), "not its file's name"),
        (f"{UUID}.json", msgspec.json.encode(PROFILE), "Classifier not found: mine"),
    ],
)
def test_a_file_that_can_not_be_used_is_named(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnusableSource, match=why):
        DirectorySource(tmp_path, LIBRARY).changed()


def test_a_file_that_can_not_be_used_is_said_until_it_can(tmp_path: Path) -> None:
    source = DirectorySource(tmp_path, LIBRARY)
    (tmp_path / f"{UUID}.json").write_bytes(msgspec.json.encode(PROFILE))
    for _ in range(2):
        with pytest.raises(UnusableSource, match="Classifier not found: mine"):
            source.changed()

    (tmp_path / "mine.json").write_bytes(write(MINE))
    assert source.changed() is not None
    assert source.changed() is None


def test_the_files_of_ai_guard_are_read_as_they_are(tmp_path: Path) -> None:
    """Its profiles name other versions than its classifiers have, and much that has no meaning here."""
    profile_file = {
        "id": UUID,
        "name": "PII",
        "description": None,
        "profileVersion": 1,
        "isDefault": True,
        "custom": False,
        "nerEnabled": False,
        "documentClassificationEnabled": False,
        "cloneCount": 0,
        "surrogateDetectorsBases": [],
        "profileSettings": [
            {
                "id": 7,
                "detectorName": "US_PHONE_NUMBER",
                "detectorCode": "phonenumber",
                "detectorVersion": 1,
                "threshold": 30,
                "isPII": True,
                "custom": False,
                "sampleSize": None,
            },
            {"detectorName": "US_SSN", "detectorCode": "us_ssn", "detectorVersion": 4},
        ],
    }
    classifier_file = {
        "VERSION": 6,
        "name": "US_PHONE_NUMBER",
        "otCode": "phonenumber",
        "isCustom": False,
        "metadata": {"locations": []},
        "detectionRules": [],
        "detections": [{"type": "PATTERN", "pattern": {"regex": "555-[0-9]{4}"}, "likelihood": "LIKELY"}],
    }
    (tmp_path / f"{UUID}.json").write_text(json.dumps(profile_file))
    (tmp_path / "phonenumber.json").write_text(json.dumps(classifier_file))

    library = DirectorySource(tmp_path, LIBRARY).changed()
    assert library is not None
    phone, number = library.members(library.profile(UUID, 1))
    assert ("phonenumber", 6) == (phone.code, phone.version)
    assert LIBRARY.classifier("us_ssn", 1) == number
    assert LIBRARY.classifier("phonenumber", 1) == library.classifier("phonenumber", 1)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableSource, match="missing"):
        DirectorySource(tmp_path / "missing", LIBRARY).changed()
