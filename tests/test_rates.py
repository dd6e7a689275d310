import pytest

from meterd.rates import Rate


class Clock:
    """Stands in for the module `time`."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("meterd.rates.time", clock)
    return clock


def test_so_many_are_admitted_in_each_minute_and_the_others_are_counted(clock: Clock) -> None:
    rate = Rate(3)

    assert [True, True, True, False, False] == [rate.admits() for _ in range(5)]
    assert 0 == rate.take_withheld()
    clock.now += 60
    assert rate.admits()
    assert [2, 0] == [rate.take_withheld(), rate.take_withheld()]


def test_none_may_be_admitted_at_all(clock: Clock) -> None:
    rate = Rate(0)
    assert not any(rate.admits() for _ in range(5))
    clock.now += 60
    assert not rate.admits()
    assert 5 == rate.take_withheld()
