import pytest

from meterd.client import ConnectionFailed, RowsRefused, StatusError
from meterd.client.options import Options
from meterd.client.outbox import Outbox

ROWS = [b"{}"] * 3


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(
        Options(
            url="http://127.0.0.1:8080",
            token="token",
            timeout=1,
            retry_attempts=1,
            retry_timeout=1,
            batch_size=2,
            flush_interval=3600,
            max_buffered_rows=10,
        )
    )


def send(outbox: Outbox, error: BaseException | None = None) -> None:
    """Send the next batch, with success unless there is an error."""
    batch = outbox.next(outbox.oldest())
    assert batch is not None
    with outbox.outcome(batch):
        if error:
            raise error


def test_nothing_is_due_while_nothing_waits(outbox: Outbox) -> None:
    assert outbox.delay() is None
    outbox.take("a", ROWS)
    send(outbox)
    send(outbox)
    assert outbox.delay() is None


def test_a_full_batch_is_due_at_once_and_others_in_time(outbox: Outbox) -> None:
    outbox.take("a", ROWS)
    assert outbox.delay() == 0
    send(outbox)
    delay = outbox.delay()
    assert delay is not None
    assert 0 < delay <= 3600


def test_after_a_failure_the_background_pauses(outbox: Outbox) -> None:
    outbox.take("a", ROWS)
    with pytest.raises(ConnectionFailed):
        send(outbox, ConnectionFailed("lost"))
    delay = outbox.delay()
    assert delay is not None
    assert 0 < delay <= 5


def test_a_goal_leaves_out_what_came_later(outbox: Outbox) -> None:
    outbox.take("a", ROWS)
    goal = outbox.all()
    outbox.take("a", ROWS)
    sent = []
    while batch := outbox.next(goal):
        with outbox.outcome(batch):
            sent.append(len(batch.lines))
    assert (sent, outbox.rows) == ([2, 1], 3)


def test_who_waits_while_another_fails_shares_the_failure(outbox: Outbox) -> None:
    outbox.take("a", ROWS)
    before = outbox.attempts
    with pytest.raises(ConnectionFailed):
        send(outbox, ConnectionFailed("lost"))
    with pytest.raises(ConnectionFailed, match="lost"):
        outbox.raise_failure(before)
    outbox.raise_failure(outbox.attempts)
    send(outbox)
    outbox.raise_failure(before)


def test_a_failure_that_a_caller_saw_is_not_raised_again(outbox: Outbox) -> None:
    outbox.take("a", ROWS)
    with pytest.raises(ConnectionFailed):
        send(outbox, ConnectionFailed("lost"))
    outbox.raise_errors()
    outbox.keep(ConnectionFailed("lost in the background"))
    with pytest.raises(ConnectionFailed, match="background"):
        outbox.raise_errors()
    outbox.raise_errors()


def test_a_refused_batch_leaves_and_a_cancelled_one_stays(outbox: Outbox) -> None:
    outbox.take("a", ROWS)
    with pytest.raises(KeyboardInterrupt):
        send(outbox, KeyboardInterrupt())
    assert outbox.rows == 3
    send(outbox, StatusError(413, "too large"))
    assert outbox.rows == 1
    with pytest.raises(RowsRefused, match="too large"):
        outbox.raise_refusals()
