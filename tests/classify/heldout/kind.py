"""A kind of data, and the texts in which people write it."""

import zlib
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from tests.classify.corpus import Labelled
from tests.classify.heldout.drawing import Draw
from tests.classify.heldout.languages import PROSE_ALONE, PROSE_NEAR, RECORDS_ALONE, RECORDS_NEAR

NEAR = 2
"""Texts of each sentence that has a word for the value beside it."""
ALONE = 3
"""Texts of each sentence without any word."""


class Kind(NamedTuple):
    """A classifier's name, and how what it should find is drawn and written.

    Sentences hold `<value>`. Those of `near` have a usual word for the value, those of `alone` have none; a kind that
    has some of these can be told by its form or its check digits, the others depend on the context. `plain` draws the
    values that stand alone, if only some of their forms can be told so.
    """

    name: str
    draw: Draw
    near: tuple[str, ...]
    alone: tuple[str, ...] = ()
    plain: Draw | None = None

    @property
    def by_form(self) -> bool:
        return bool(self.alone)

    def texts(self) -> Iterator[Labelled]:
        """Always the same, whatever other kinds there are."""
        random = Random(zlib.crc32(f"{self.name} {self.near[0]}".encode()))
        for sentences, draw, count in ((self.near, self.draw, NEAR), (self.alone, self.plain or self.draw, ALONE)):
            for sentence in sentences:
                for _ in range(count):
                    value = draw(random)
                    yield Labelled(sentence.replace("<value>", value), self.name, value)


def near(language: str, words: tuple[str, ...], keys: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences of a language around its words for a value, and records around the names that columns have for it."""
    prose = [
        sentence.replace("<word>", words[index % len(words)]) for index, sentence in enumerate(PROSE_NEAR[language])
    ]
    records = [record.replace("<key>", keys[index % len(keys)]) for index, record in enumerate(RECORDS_NEAR)]
    return (*prose, *records)


def alone(language: str) -> tuple[str, ...]:
    """Sentences and records that say nothing about the value."""
    return (*PROSE_ALONE[language], *RECORDS_ALONE)


def by_context(name: str, language: str, words: tuple[str, ...], keys: tuple[str, ...], draw: Draw) -> Kind:
    """A kind that nobody could tell without a word for it."""
    return Kind(name, draw, near(language, words, keys))


def told_alone(
    name: str, language: str, words: tuple[str, ...], keys: tuple[str, ...], draw: Draw, plain: Draw
) -> Kind:
    """A kind with a form of its own, which is what `plain` draws."""
    return Kind(name, draw, near(language, words, keys), alone(language), plain)
