"""How much of the marked values of documents the default profile finds, and how much of what it reports is right."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from meterd.classify import Engine, Match
from tests.classify import heldout
from tests.classify.accuracy import GENERAL, SELECTION, right_names
from tests.classify.corpus import Labelled
from tests.classify.heldout_second.document import Document, Mark, Part
from tests.classify.heldout_second.values import FIRST, KnownBy
from tests.classify.heldout_third.places import PLACES

CARRIERS = GENERAL | {"BASIC_AUTH_HEADER", "BASIC_AUTH_URL", "BEARER_TOKEN", "CONNECTION_STRING", "DATABASE_URL"}
"""Names that are true of every credential in such a place: not wrong, but not what should be found either."""
_CREDENTIALS = heldout.CREDENTIALS | {"SIGNED_URL_SIGNATURE"}
_TOLD_BY = {value.name: value.known_by for value in (*PLACES.values.values(), *FIRST.values())}
_PADDING = re.compile(r"(=|%3D|&#61;|&#x3D;)+$")


def names_of(mark: Mark) -> frozenset[str]:
    """All that are right for a value, whatever way it is written in."""
    return right_names(Labelled(mark.value, mark.name, mark.value)) | mark.also


def is_whole(match: Match, mark: Mark, text: str) -> bool:
    """Whether a match has the whole value; padding at its end may be left."""
    padding = _PADDING.search(text[mark.start : mark.end])
    needed = mark.end - len(padding[0]) if padding else mark.end
    return match.start <= mark.start and needed <= match.end


def told_by(name: str) -> KnownBy:
    """What tells values of a classifier, where one is reported that is none."""
    return _TOLD_BY.get(name, KnownBy.FORM)


class Judgement(NamedTuple):
    """The value that a match finds, if any, and whether it says something wrong."""

    found: Mark | None = None
    is_wrong: bool = False


def judge(match: Match, document: Document) -> Judgement:
    """A match is right for one value of its name; one that runs over two of these finds neither."""
    touched = [mark for mark in document.marks if mark.start < match.end and match.start < mark.end]
    meant = [mark for mark in touched if match.classifier in names_of(mark)]
    if len(meant) == 1:
        return Judgement(meant[0] if is_whole(match, meant[0], document.text) else None)
    carries = match.classifier in CARRIERS and any(mark.name in _CREDENTIALS for mark in touched)
    return Judgement(is_wrong=bool(meant) or not carries)


class DocumentAccuracy:
    """Counts by what tells a value and by the sort of document."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.there: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def take(self, documents: Iterable[Document]) -> None:
        """Add what is there, what is found of it, and what is reported wrongly."""
        for document in documents:
            found = set()
            for match in self._engine.classify(document.text, SELECTION):
                judgement = judge(match, document)
                found.add(judgement.found)
                for key in (told_by(match.classifier), document.sort):
                    self.wrong[key] += judgement.is_wrong
            for mark in document.marks:
                for key in (mark.known_by, document.sort):
                    self.there[key] += 1
                    self.found[key] += mark in found


def on_part(engine: Engine, part: Part) -> DocumentAccuracy:
    """On all documents of a part, those with values and the ordinary ones."""
    accuracy = DocumentAccuracy(engine)
    accuracy.take(part.documents())
    accuracy.take(part.ordinary())
    return accuracy
