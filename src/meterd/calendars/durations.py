"""ISO 8601 durations `P[nY][nM][nW][nD][T[nH][nM][nS]]` in whole numbers.

Source: `docs/specifications/usage-metrics.md` section 10.
"""

import re

import msgspec

from meterd.expressions.errors import ExpressionError

MAX_DIGITS = 9

_NUMBER = re.compile(r"[0-9]+")
_MONTHS = {"Y": 12, "M": 1}
_DAY_SECONDS = {"W": 604_800, "D": 86_400}
_TIME_SECONDS = {"H": 3600, "M": 60, "S": 1}


class Amount(msgspec.Struct, frozen=True):
    """One part of a duration: months or seconds, the other is 0. `position` is where its number is in the text."""

    months: int
    seconds: int
    position: int


class Duration(msgspec.Struct, frozen=True):
    """A length of time in months and seconds, which can't be converted into each other."""

    amounts: tuple[Amount, ...]

    @property
    def months(self) -> int:
        return sum(amount.months for amount in self.amounts)

    @property
    def seconds(self) -> int:
        return sum(amount.seconds for amount in self.amounts)

    @property
    def position(self) -> int:
        """Where the first number is in the text."""
        return self.amounts[0].position


def parse_duration(text: str, start: int = 0) -> Duration:
    """Read the duration that begins at `start` and ends with the text; letters may be small.

    Raises `ExpressionError` at the first character that doesn't fit.
    """

    def refuse(position: int, problem: str) -> ExpressionError:
        return ExpressionError("duration", text, position, problem)

    if text[start : start + 1].upper() != "P":
        raise refuse(start, "a duration begins with P, such as PT1H or P1D")
    date_letters, time_letters = list("YMWD"), list("HMS")
    letters = date_letters
    amounts: list[Amount] = []
    position = start + 1
    while position < len(text):
        if letters is date_letters and text[position] in "tT":
            letters, position = time_letters, position + 1
            if position == len(text):
                raise refuse(position, "hours, minutes or seconds are missing after T")
            continue
        number = _NUMBER.match(text, position)
        if number is None:
            raise refuse(position, f"expected a whole number, got {text[position]!r}")
        if len(number[0]) > MAX_DIGITS:
            raise refuse(position, f"the number has more than {MAX_DIGITS} digits")
        letter = text[number.end() : number.end() + 1].upper()
        if not letter or letter not in letters:
            wanted = ", ".join(letters) or "nothing more"
            raise refuse(number.end(), f"expected {wanted} after the number, got {letter or 'the end'!r}")
        del letters[: letters.index(letter) + 1]
        amounts.append(_amount(int(number[0]), letter, letters is time_letters, position))
        position = number.end() + 1
    if not amounts:
        raise refuse(position, "the duration has no parts")
    return Duration(tuple(amounts))


def _amount(count: int, letter: str, is_time: bool, position: int) -> Amount:
    if is_time:
        return Amount(0, count * _TIME_SECONDS[letter], position)
    if letter in _MONTHS:
        return Amount(count * _MONTHS[letter], 0, position)
    return Amount(0, count * _DAY_SECONDS[letter], position)
