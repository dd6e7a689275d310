import math

import pytest

from meterd.client import ConnectionFailed, StatusError, UnexpectedAnswer
from meterd.client.retry import Backoff
from meterd.client.wire import PASSING, REPEATABLE


def test_what_the_server_asks_for_is_what_is_waited() -> None:
    assert Backoff(PASSING, timeout=45)(StatusError(503, "", 30.0)) == 30.0


def test_waits_that_end_too_late_are_not_begun() -> None:
    assert Backoff(PASSING, timeout=45)(StatusError(503, "", 3600.0)) is False


def test_without_a_wish_of_the_server_waits_are_stamina_s_own() -> None:
    backoff = Backoff(PASSING, timeout=math.inf)
    assert [backoff(error) for error in (StatusError(503, ""), ConnectionFailed(""))] == [True, True]


@pytest.mark.parametrize("error", [StatusError(400, ""), UnexpectedAnswer(""), ValueError("")])
def test_other_errors_are_final(error: Exception) -> None:
    assert Backoff(REPEATABLE, timeout=45)(error) is False


def test_a_500_is_repeated_only_with_an_idempotency_key() -> None:
    assert {500} == REPEATABLE - PASSING
