"""What requests may name, and what a profile's classifiers are."""

import msgspec
import pytest

from meterd.classify import ClassifierNotFound, Detector, Library, Profile, ProfileNotFound
from meterd.classify.errors import NotAUuid
from tests.classify.declarations import TOKEN

UUID = "11111111-2222-3333-4444-555555555555"
SECOND, SIXTH = (msgspec.structs.replace(TOKEN, version=version) for version in (2, 6))
LIBRARY = Library([SIXTH, SECOND], [])


def members(*detectors: Detector) -> tuple[object, ...]:
    return LIBRARY.members(Profile(UUID, "mine", detectors))


@pytest.mark.parametrize("code", ["token", "TOKEN"])
def test_a_profile_has_the_version_that_it_names_or_else_the_newest(code: str) -> None:
    assert (SECOND, SIXTH, SIXTH) == members(Detector(code, 2), Detector(code, 1), Detector(code, 7))


def test_a_profile_can_not_have_what_there_is_in_no_version() -> None:
    with pytest.raises(ClassifierNotFound, match="other"):
        members(Detector("other", 1))


@pytest.mark.parametrize("code", ["token", "TOKEN"])
def test_a_classifier_that_is_asked_for_has_exactly_that_version(code: str) -> None:
    assert SIXTH == LIBRARY.classifier(code, 6)
    with pytest.raises(ClassifierNotFound, match=code):
        LIBRARY.classifier(code, 1)


def test_a_profile_that_is_not_there_is_told_from_one_that_can_not_be() -> None:
    with pytest.raises(ProfileNotFound) as caught:
        LIBRARY.profile(UUID, 1)
    assert not isinstance(caught.value, NotAUuid)
    with pytest.raises(NotAUuid):
        LIBRARY.profile("mine", 1)
