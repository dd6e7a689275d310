from meterd.classify import Engine, Match, profile
from meterd.classify.system import DEFAULT_UUID, system_library


def test_the_default_profile_finds_a_phone_number_once_and_surely() -> None:
    matches = Engine(system_library()).classify("phone 321-507-0525 number", profile(DEFAULT_UUID, 1))
    assert [Match(6, 18, 100, "321-507-0525", "US_PHONE_NUMBER")] == matches
