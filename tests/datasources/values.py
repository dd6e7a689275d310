"""Random values of members of rows, drawn by `random`, which takes a tenth of the time of Hypothesis' own draws.

Hypothesis draws a number for each row, from which all of its members follow: it tries other rows, fewer of them and the
same one twice, but does not simplify within a row. Functions are named as those of `hypothesis.strategies`.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from hypothesis import strategies

_SEEDS = strategies.integers(0, 2**64 - 1)
_LAST_BEFORE_SURROGATES = 0xD7FF


class Values:
    """What a member may be: each of the ways to draw it is as likely as the others."""

    def __init__(self, *ways: Callable[[Random], Any]) -> None:
        self._ways = ways

    def draw(self, random: Random) -> Any:
        return random.choice(self._ways)(random)

    def __or__(self, other: "Values") -> "Values":
        return Values(*self._ways, *other._ways)

    def map(self, change: Callable[[Any], Any]) -> "Values":
        return Values(lambda random: change(self.draw(random)))

    def strategy(self) -> strategies.SearchStrategy[Any]:
        """Return the strategy for Hypothesis."""
        return _SEEDS.map(lambda seed: self.draw(Random(seed)))


def none() -> Values:
    return Values(lambda _random: None)


def booleans() -> Values:
    return sampled_from([False, True])


def sampled_from(choices: Sequence[Any]) -> Values:
    return Values(lambda random: random.choice(choices))


def integers(low: int, high: int) -> Values:
    """Whole numbers of all sizes, often one of the bounds or beside it."""
    edges = sorted({low, min(low + 1, high), max(high - 1, low), high})

    def draw(random: Random) -> int:
        if random.random() < 0.2:
            return random.choice(edges)
        return min(low + random.getrandbits(random.randint(0, (high - low).bit_length())), high)

    return Values(draw)


def floats(low: float, high: float) -> Values:
    """Floating-point numbers of all sizes, often whole, or one of the bounds."""

    def draw(random: Random) -> float:
        part = random.choice([0.0, 1.0, random.random(), random.random(), 2.0 ** -random.randint(1, 50)])
        value = low + (high - low) * part
        return float(round(value)) if random.random() < 0.3 else value

    return Values(draw)


def text(max_size: int) -> Values:
    """Characters of ASCII, of a plane that has surrogates beside them, and beyond it."""

    def character(random: Random) -> str:
        return chr(random.randint(*random.choice([(0, 0x7F), (0, _LAST_BEFORE_SURROGATES), (0xE000, 0x10FFFF)])))

    return Values(lambda random: "".join(character(random) for _ in range(random.randint(0, max_size))))


def lists(elements: Values, min_size: int, max_size: int) -> Values:
    return Values(lambda random: [elements.draw(random) for _ in range(random.randint(min_size, max_size))])


def subsets(choices: Sequence[Any], max_size: int) -> Values:
    """Draw lists of different elements, in any order."""
    return Values(lambda random: random.sample(choices, random.randint(0, max_size)))


def dictionaries(keys: Sequence[str], values: Values, max_size: int) -> Values:
    def draw(random: Random) -> dict[str, Any]:
        return {key: values.draw(random) for key in random.sample(keys, random.randint(0, max_size))}

    return Values(draw)


def fixed_dictionaries(members: Mapping[str, Values]) -> Values:
    return Values(lambda random: {name: values.draw(random) for name, values in members.items()})
