import pytest

from meterd.errors import Unavailable
from meterd.web.attempts import _MAX_ADDRESSES, Attempts


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def is_refused(attempts: Attempts, address: str) -> bool:
    try:
        attempts.check(address)
    except Unavailable:
        return True
    return False


def test_of_one_address_so_many_may_fail_in_a_minute() -> None:
    clock = Clock()
    attempts = Attempts(2, clock)

    attempts.note_failure("a")
    assert not is_refused(attempts, "a")
    attempts.note_failure("a")
    assert (True, False) == (is_refused(attempts, "a"), is_refused(attempts, "b"))
    clock.now += 60

    assert not is_refused(attempts, "a")
    attempts.note_failure("a")
    assert not is_refused(attempts, "a")


def test_who_is_refused_hears_for_how_long_and_by_which_limit() -> None:
    clock = Clock()
    attempts = Attempts(1, clock)
    attempts.note_failure("a")
    clock.now += 20

    with pytest.raises(Unavailable, match=r"access\.sign-in-failures-per-minute, 1\): try again in 40 s") as refused:
        attempts.check("a")
    assert 40 == refused.value.retry_after


def test_so_many_addresses_are_remembered_and_the_first_ones_are_forgotten() -> None:
    attempts = Attempts(1, Clock())
    for number in range(_MAX_ADDRESSES + 1):
        attempts.note_failure(str(number))

    assert [False, True, True] == [is_refused(attempts, each) for each in ("0", "1", str(_MAX_ADDRESSES))]
