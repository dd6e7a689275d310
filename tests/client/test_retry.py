import math

import pytest

from meterd.client import ConnectionFailed, MeterdClientError, StatusError, UnexpectedAnswer
from meterd.client.retry import FIRST_WAIT, MAX_JITTER, MAX_WAIT, Backoff
from meterd.client.wire import PASSING, REPEATABLE


def test_what_the_server_asks_for_is_what_is_waited() -> None:
    assert Backoff(PASSING, 10, timeout=45).pause_after(StatusError(503, "", 30.0)) == 30.0


def test_waits_that_end_too_late_are_not_begun() -> None:
    assert Backoff(PASSING, 10, timeout=45).pause_after(StatusError(503, "", 3600.0)) is None
    assert Backoff(PASSING, 10, timeout=FIRST_WAIT / 2).pause_after(ConnectionFailed("")) is None


def test_without_a_wish_of_the_server_waits_grow_up_to_a_limit() -> None:
    backoff = Backoff(PASSING, 20, timeout=math.inf)
    waits = [backoff.pause_after(error) for error in (StatusError(503, ""), ConnectionFailed("")) * 9]
    for number, wait in enumerate(waits):
        assert wait is not None
        least = FIRST_WAIT * 2**number
        assert min(least, MAX_WAIT) <= wait <= min(least + MAX_JITTER, MAX_WAIT)
    assert waits[-1] == MAX_WAIT


def test_attempts_have_an_end() -> None:
    backoff = Backoff(PASSING, 3, timeout=math.inf)
    pauses = [backoff.pause_after(ConnectionFailed("")) for _ in range(3)]
    assert [pause is None for pause in pauses] == [False, False, True]


@pytest.mark.parametrize("error", [StatusError(400, ""), UnexpectedAnswer("")])
def test_other_errors_are_final(error: MeterdClientError) -> None:
    assert Backoff(REPEATABLE, 10, timeout=45).pause_after(error) is None


def test_a_500_is_repeated_only_with_an_idempotency_key() -> None:
    assert {500} == REPEATABLE - PASSING
