"""How much of the corpus the default profile finds, and how much of what it reports is right."""

from collections import Counter
from collections.abc import Iterable

from meterd.classify import Engine, profile
from meterd.classify.system import DEFAULT_UUID
from tests.classify.corpus import Labelled, ordinary

SELECTION = profile(DEFAULT_UUID, 1)


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
        """A finding is right when it has the label's name and the whole of its value."""
        for labelled in texts:
            self.there[labelled.name] += 1
            hit = False
            for match in self._engine.classify(labelled.text, SELECTION):
                if match.classifier == labelled.name and (match.text in labelled.value or labelled.value in match.text):
                    hit = hit or labelled.value in match.text or match.text == labelled.value
                else:
                    self.wrong[match.classifier] += 1
                    self.false.append((match.classifier, match.text))
            self.found[labelled.name] += hit
            if not hit:
                self.missed.append(labelled)

    def take_ordinary(self) -> None:
        """Everything that is reported in the paragraphs with nothing to find is wrong."""
        for text in ordinary():
            for match in self._engine.classify(text, SELECTION):
                self.wrong[match.classifier] += 1
                self.false.append((match.classifier, match.text))

    def recall(self, *names: str) -> float:
        """Of some classifiers, or of all."""
        chosen = names or tuple(self.there)
        return sum(self.found[name] for name in chosen) / sum(self.there[name] for name in chosen)

    def precision(self, *names: str) -> float:
        """Of some classifiers, or of all."""
        chosen = names or tuple(self.there | self.wrong)
        found = sum(self.found[name] for name in chosen)
        return found / max(1, found + sum(self.wrong[name] for name in chosen))
