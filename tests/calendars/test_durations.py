import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.calendars.durations import parse_duration
from meterd.expressions.errors import ExpressionError

amounts = st.none() | st.integers(0, 10**9 - 1)


@pytest.mark.parametrize(
    ("text", "months", "seconds"),
    [
        ("PT1S", 0, 1),
        ("PT15M", 0, 900),
        ("PT1H30M", 0, 5400),
        ("P1D", 0, 86_400),
        ("P2W", 0, 2 * 604_800),
        ("P1M", 1, 0),
        ("P1Y6M", 18, 0),
        ("P1Y2M3W4DT5H6M7S", 14, 3 * 604_800 + 4 * 86_400 + 5 * 3600 + 6 * 60 + 7),
        ("pt1h", 0, 3600),
        ("PT0S", 0, 0),
    ],
)
def test_a_duration_is_months_and_seconds(text: str, months: int, seconds: int) -> None:
    duration = parse_duration(text)

    assert (months, seconds) == (duration.months, duration.seconds)


@given(date_part=st.tuples(*[amounts] * 4), time_part=st.tuples(*[amounts] * 3))
def test_all_parts_are_read_wherever_others_are_missing(
    date_part: tuple[int | None, ...], time_part: tuple[int | None, ...]
) -> None:
    def written(numbers: tuple[int | None, ...], letters: str) -> str:
        return "".join(f"{n}{letter}" for n, letter in zip(numbers, letters, strict=True) if n is not None)

    after_t = written(time_part, "HMS")
    text = "P" + written(date_part, "YMWD") + (f"T{after_t}" if after_t else "")
    if text == "P":
        return
    years, months, weeks, days = (n or 0 for n in date_part)
    hours, minutes, seconds = (n or 0 for n in time_part)

    duration = parse_duration(f"#{text}", start=1)

    assert duration.months == years * 12 + months
    assert duration.seconds == ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("1H", 0),
        ("P", 1),
        ("PT", 2),
        ("P1DT", 4),
        ("P1", 2),
        ("P1H", 2),
        ("PT1D", 3),
        ("P1D1D", 4),
        ("P1D1W", 4),
        ("PT1S1H", 5),
        ("PT1H1H", 5),
        ("P1.5D", 2),
        ("P-1D", 1),
        ("P1DT1HT1M", 6),
        ("P1D ", 3),
        ("P٣D", 1),
        ("PT1234567890S", 2),
    ],
)
def test_a_mistake_is_refused_where_it_is(text: str, position: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_duration(text)

    assert (text, position) == (caught.value.expression, caught.value.position)


@given(text=st.text("PT0123456789YMWDHSpt.- ", max_size=12))
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    def places() -> list[int]:
        try:
            return [amount.position for amount in parse_duration(text).amounts]
        except ExpressionError as error:
            return [error.position]

    assert all(0 <= place <= len(text) for place in places())
