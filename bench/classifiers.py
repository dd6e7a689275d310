"""Precision and recall of the default profile by classifier, on both corpora: `python -m bench.classifiers`."""

from tests.classify.accuracy import Accuracy, on_heldout, on_known

from bench.tables import table
from meterd.classify import Engine
from meterd.classify.system import system_library

_HEAD = ("classifier", "there", "found", "wrong", "recall", "precision")


def main() -> None:
    engine = Engine(system_library())
    engine.prepare()
    for title, measure in (("Known", on_known), ("Held out", on_heldout)):
        print(_table(title, measure(engine)))


def _table(title: str, accuracy: Accuracy) -> str:
    rows = [
        (
            name,
            accuracy.there[name],
            accuracy.found[name],
            accuracy.wrong[name],
            accuracy.recall(name) if accuracy.there[name] else "–",
            accuracy.precision(name),
        )
        for name in accuracy.names
    ]
    counts = (accuracy.there.total(), accuracy.found.total(), accuracy.wrong.total())
    return table(title, _HEAD, [*rows, ("all", *counts, accuracy.recall(), accuracy.precision())])


if __name__ == "__main__":
    main()
