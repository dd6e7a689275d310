"""Windows follow each other without a gap, and totals never count a time twice."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from meterd.export.series import Window
from meterd.export.windows import beginning, cumulative, delta, floor
from meterd.metadata import Progress
from meterd.query.buckets import EPOCH

HOUR = timedelta(hours=1)
TEN = datetime(2026, 5, 1, 10, tzinfo=UTC)
INTERVALS = st.sampled_from([timedelta(seconds=1), timedelta(seconds=7), timedelta(minutes=1), HOUR])
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis asks for it


def test_a_window_ends_with_its_interval() -> None:
    assert Window(TEN, TEN + HOUR) == delta(Progress(TEN, TEN), TEN + 5 * HOUR, HOUR)


def test_a_window_that_the_end_of_the_service_cut_short_is_followed_by_the_rest_of_the_interval() -> None:
    early = TEN + HOUR / 4
    assert Window(TEN, early) == delta(Progress(TEN, TEN), early, HOUR)
    assert Window(early, TEN + HOUR) == delta(Progress(TEN, early), TEN + 2 * HOUR, HOUR)


@given(begun=TIMES, steps=st.lists(st.timedeltas(timedelta(0), timedelta(hours=3)), max_size=8), interval=INTERVALS)
def test_windows_follow_each_other_without_gap_or_overlap(
    begun: datetime, steps: list[timedelta], interval: timedelta
) -> None:
    progress = Progress(begun, begun)
    end = begun
    for step in steps:
        end = min(end + step, progress.reached + 20 * interval)
        while progress.reached < end:
            window = delta(progress, end, interval)
            assert progress.reached == window.start < window.end <= end
            assert window.end - window.start <= interval
            progress = Progress(begun, window.end)


def test_totals_count_from_the_beginning_for_ever_when_nothing_is_deleted() -> None:
    assert Window(TEN, TEN + 9999 * HOUR) == cumulative(Progress(TEN, TEN + HOUR), TEN + 9999 * HOUR, None)
    assert EPOCH == beginning(TEN, None)


@given(
    begun=TIMES,
    steps=st.lists(st.timedeltas(timedelta(minutes=1), timedelta(hours=30)), max_size=20),
    kept=st.sampled_from([timedelta(days=1), timedelta(days=3)]),
)
def test_totals_begin_anew_where_the_last_ones_ended_and_reach_back_no_further_than_facts_are_kept(
    begun: datetime, steps: list[timedelta], kept: timedelta
) -> None:
    progress = Progress(begun, begun)
    windows = []
    end = begun
    for step in steps:
        end += min(step, kept / 2)
        while progress.reached < end:
            window = cumulative(progress, end, kept)
            assert progress.reached < window.end <= end
            assert window.end - window.start <= kept / 2
            windows.append(window)
            progress = Progress(begun, window.end)
    last_of_each = {window.start: window for window in windows}
    covered = begun
    for window in last_of_each.values():
        assert covered == window.start
        covered = window.end
    assert covered == progress.reached


@given(time=TIMES, interval=INTERVALS)
def test_intervals_are_counted_from_1970(time: datetime, interval: timedelta) -> None:
    start = floor(time, interval)
    assert start <= time < start + interval
    assert (start - EPOCH) % interval == timedelta(0)
