"""How much of a corpus the default profile finds, and how much of what it reports is right."""

from collections import Counter
from collections.abc import Iterable

import phonenumbers

from meterd.classify import Engine, profile
from meterd.classify.system import DEFAULT_UUID
from tests.classify import corpus, heldout
from tests.classify.corpus import Labelled

SELECTION = profile(DEFAULT_UUID, 1)

ALTERNATIVES: dict[str, frozenset[str]] = {
    # A number, a name and "Lane" or "Road" are an address in either country.
    "GB_STREET_ADDRESS": frozenset({"US_STREET_ADDRESS"}),
    "US_STREET_ADDRESS": frozenset({"GB_STREET_ADDRESS"}),
    # Both countries kept the birth numbers that they had when they were one.
    "CZ_RC": frozenset({"SK_RC"}),
    "SK_RC": frozenset({"CZ_RC"}),
    # The number of the card is a part of what is on its stripe.
    "CARD_TRACK_DATA": frozenset({"CREDIT_CARD_NUMBER"}),
}
"""By name of a label: other names that are as right for the same value."""

GENERAL = frozenset({"SECRET_ASSIGNMENT", "PASSWORD_ASSIGNMENT"})
"""Names that are true of every credential beside such a word: not wrong, but not what should be found either."""

_REGIONS = ("US", "GB", "DE", "FR", "NL", "ES", "IT", "IN", "JP", "BR")


def right_names(labelled: Labelled) -> frozenset[str]:
    """The label's name and its alternatives: telephone numbers may be valid in several countries."""
    names = ALTERNATIVES.get(labelled.name, frozenset()) | {labelled.name}
    if not labelled.name.endswith("PHONE_NUMBER"):
        return names
    if labelled.value.startswith("+"):
        return names | {"PHONE_NUMBER"}
    parsed = {region: phonenumbers.parse(labelled.value, region) for region in _REGIONS}
    return names | {
        f"{region}_PHONE_NUMBER"
        for region, number in parsed.items()
        if phonenumbers.is_valid_number_for_region(number, region)
    }


class Accuracy:
    """Counts by the name of a classifier: what was there, what was found of it, what was reported wrongly."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.there: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.missed: list[Labelled] = []
        self.false: list[tuple[str, str]] = []

    def take(self, texts: Iterable[Labelled]) -> None:
        """Found is what is reported under a right name and as a whole; padding at its end may be left."""
        for labelled in texts:
            self.there[labelled.name] += 1
            names = right_names(labelled)
            general = GENERAL if labelled.name in heldout.CREDENTIALS else frozenset()
            hit = False
            for match in self._engine.classify(labelled.text, SELECTION):
                if match.text not in labelled.value and labelled.value.rstrip("=") not in match.text:
                    self._count_wrong(match.classifier, match.text)
                elif match.classifier in names:
                    hit = hit or labelled.value.rstrip("=") in match.text
                elif match.classifier not in general:
                    self._count_wrong(match.classifier, match.text)
            self.found[labelled.name] += hit
            if not hit:
                self.missed.append(labelled)

    def take_ordinary(self, texts: Iterable[str] | None = None) -> None:
        """Everything that is reported in paragraphs with nothing to find is wrong."""
        for text in corpus.ordinary() if texts is None else texts:
            for match in self._engine.classify(text, SELECTION):
                self._count_wrong(match.classifier, match.text)

    def _count_wrong(self, name: str, value: str) -> None:
        self.wrong[name] += 1
        self.false.append((name, value))

    @property
    def names(self) -> list[str]:
        """Of all classifiers that were there or reported, in order."""
        return sorted(self.there | self.wrong)

    def recall(self, *names: str) -> float:
        """Of some classifiers, or of all; 1 where nothing was there."""
        chosen = names or tuple(self.there)
        there = sum(self.there[name] for name in chosen)
        return sum(self.found[name] for name in chosen) / there if there else 1.0

    def precision(self, *names: str) -> float:
        """Of some classifiers, or of all; 1 where nothing was reported."""
        chosen = names or tuple(self.names)
        found = sum(self.found[name] for name in chosen)
        reported = found + sum(self.wrong[name] for name in chosen)
        return found / reported if reported else 1.0


def on_known(engine: Engine) -> Accuracy:
    """On the corpus that the classifiers were written with."""
    accuracy = Accuracy(engine)
    for texts in (corpus.personal(), corpus.addresses(), corpus.secrets()):
        accuracy.take(texts)
    accuracy.take_ordinary()
    return accuracy


def on_heldout(engine: Engine) -> Accuracy:
    """On the corpus that was written apart from the classifiers."""
    accuracy = Accuracy(engine)
    accuracy.take(heldout.labelled())
    accuracy.take_ordinary(heldout.ordinary())
    return accuracy
