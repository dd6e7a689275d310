"""Documents with marked values, and how they are made from templates.

A template holds places for values, `⟦IBAN_CODE⟧`, for names of people that are no values, `⟦name de_DE⟧`, and those of
the first part's templates, `<noun>` and the like. A sort of documents is some templates, each written in some ways.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from random import Random
from typing import NamedTuple

from faker import Faker

from tests.classify.heldout.template import fill
from tests.classify.heldout_second.groups import GROUPS
from tests.classify.heldout_second.places import VALUES
from tests.classify.heldout_second.values import KnownBy, Value
from tests.classify.heldout_second.writing import PLAIN, Writing

COPIES = 2
"""Documents of each template and way of writing."""
_PLACE = re.compile("⟦([^⟧]+)⟧")


class Mark(NamedTuple):
    """A value in a document: where it is, what it is before it was written, and which names are right for it."""

    start: int
    end: int
    value: str
    name: str
    also: frozenset[str]
    known_by: KnownBy


class Document(NamedTuple):
    """A text, and all that is sensitive in it."""

    sort: str
    text: str
    marks: tuple[Mark, ...]


class Places(NamedTuple):
    """What may stand in the places of templates: kinds by their names, and groups of which each is as good."""

    values: Mapping[str, Value]
    groups: Mapping[str, tuple[str, ...]]

    def one(self, place: str, random: Random) -> Value:
        """The kind that a place has, or any of its group."""
        return self.values[random.choice(self.groups.get(place, (place,)))]


SECOND = Places(VALUES, GROUPS)


class Sort(NamedTuple):
    """Templates of one kind of document; each is written in every one of the ways."""

    name: str
    templates: tuple[str, ...]
    writings: tuple[Writing, ...] = (PLAIN,)
    places: Places = SECOND

    def documents(self) -> Iterator[Document]:
        """Always the same, whatever other sorts there are."""
        for template in self.templates:
            for number, writing in enumerate(self.writings):
                random = Random(zlib.crc32(f"{self.name} {number} {template}".encode()))
                for _ in range(COPIES):
                    yield self._written(template, writing, random)

    def _written(self, template: str, writing: Writing, random: Random) -> Document:
        """Draw every place anew, and write all of it in one way."""
        text = writing.opening
        marks: list[Mark] = []
        for number, piece in enumerate(_PLACE.split(template)):
            if number % 2 == 0:
                text += writing.words(fill(piece, random))
            elif piece.startswith("name "):
                text += writing.words(_person(piece.removeprefix("name "), random))
            else:
                kind = self.places.one(piece, random)
                value = kind.draw(random)
                text += writing.before
                start, text = len(text), text + writing.value(value)
                marks.append(Mark(start, len(text), value, kind.name, kind.also, kind.known_by))
                text += writing.after
        return Document(self.name, text + writing.closing, tuple(marks))


class Part(NamedTuple):
    """All documents of one held-out part: some hold values, the ordinary ones have only much that looks like these."""

    name: str
    sorts: tuple[Sort, ...]
    ordinary_sorts: tuple[Sort, ...]

    def documents(self) -> Iterator[Document]:
        """Every document with values."""
        for sort in self.sorts:
            yield from sort.documents()

    def ordinary(self) -> Iterator[Document]:
        """Every document without any."""
        for sort in self.ordinary_sorts:
            yield from sort.documents()


def _person(locale: str, random: Random) -> str:
    fake = _faker(locale)
    fake.seed_instance(random.getrandbits(32))
    return f"{fake.first_name()} {fake.last_name()}"


@cache
def _faker(locale: str) -> Faker:
    return Faker(locale)
