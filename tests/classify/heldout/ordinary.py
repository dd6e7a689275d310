"""Paragraphs with nothing to find, of every sort in turn: from machines, from people, and prose in ten languages."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from faker import Faker

from tests.classify.heldout.ordinary_machine import MACHINE
from tests.classify.heldout.ordinary_prose import PROSE
from tests.classify.heldout.template import fill

_LOCALES = ("en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL", "nl_NL", "ru_RU", "sv_SE", "ja_JP")


def _paragraphs(locale: str) -> Callable[[Random], str]:
    fake = Faker(locale)

    def paragraph(random: Random) -> str:
        fake.seed_instance(random.getrandbits(32))
        amount = fill("<date>, <1-9>.<100-999>,<10-99> €.", random)
        return f"{fake.paragraph(nb_sentences=4)} {amount} {fake.sentence()}"

    return paragraph


def ordinary(count: int = 2_000) -> Iterator[str]:
    """Always the same."""
    random = Random(20_240)
    sorts: list[Callable[[Random], str]] = [partial(fill, template) for template in (*MACHINE, *PROSE)]
    sorts += map(_paragraphs, _LOCALES)
    for number in range(count):
        yield sorts[number % len(sorts)](random)
