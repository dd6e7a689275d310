"""How values are drawn: by a mask, by a date, until their check digits are right, and grouped as people group them."""

import datetime
import string
from collections.abc import Callable
from importlib import import_module
from random import Random

Draw = Callable[[Random], str]

HEXADECIMAL = "0123456789abcdef"
ALPHANUMERIC = string.ascii_letters + string.digits
CAPITALS = string.ascii_uppercase + string.digits
WORD = ALPHANUMERIC + "-_"
BASE64 = ALPHANUMERIC + "+/"
CONSONANTS = "BCDFGHJKLMNPQRSTVWXYZ"
_FIRST_BIRTH = datetime.date(1950, 1, 1).toordinal()
_LAST_BIRTH = datetime.date(1999, 12, 28).toordinal()
_MASK = {"#": string.digits, "?": string.ascii_uppercase, "%": CONSONANTS}


def characters(random: Random, alphabet: str, length: int) -> str:
    """Some of an alphabet, each drawn by itself."""
    return "".join(random.choices(alphabet, k=length))


def masked(*masks: str) -> Draw:
    """By one of the masks, in which `#` is a digit, `?` a capital letter and `%` a consonant."""

    def draw(random: Random) -> str:
        return "".join(random.choice(_MASK.get(sign, sign)) for sign in random.choice(masks))

    return draw


def some(alphabet: str, length: int, prefix: str = "", suffix: str = "") -> Draw:
    """Of one alphabet, between what is always there."""
    return lambda random: prefix + characters(random, alphabet, length) + suffix


def joined(*parts: str | Draw) -> Draw:
    """One after the other."""
    return lambda random: "".join(part if isinstance(part, str) else part(random) for part in parts)


def one_of(*draws: str | Draw) -> Draw:
    """Any of some, equally often."""

    def draw(random: Random) -> str:
        chosen = random.choice(draws)
        return chosen if isinstance(chosen, str) else chosen(random)

    return draw


def born(form: str) -> Draw:
    """A date between 1950 and 1999 in a form of `strftime`."""
    return lambda random: birthday(random).strftime(form)


def birthday(random: Random) -> datetime.date:
    """Between 1950 and 1999."""
    return datetime.date.fromordinal(random.randint(_FIRST_BIRTH, _LAST_BIRTH))


def valid(module: str, draw: Draw) -> Draw:
    """Drawn until a module of python-stdnum finds it valid."""
    return until(import_module(f"stdnum.{module}").is_valid, draw)


def until(right: Callable[[str], bool], draw: Draw) -> Draw:
    """Drawn until it is right."""

    def drawn(random: Random) -> str:
        while not right(value := draw(random)):
            pass
        return value

    return drawn


def checked(draw: Draw, check: Callable[[str], str]) -> Draw:
    """With what a function computes of it at its end."""

    def drawn(random: Random) -> str:
        value = draw(random)
        return value + check(value)

    return drawn


def grouped(draw: Draw, *shapes: str) -> Draw:
    """Laid out in one of the shapes, in which each `#` takes the next character."""

    def drawn(random: Random) -> str:
        signs = iter(draw(random))
        return "".join(next(signs) if sign == "#" else sign for sign in random.choice(shapes))

    return drawn
