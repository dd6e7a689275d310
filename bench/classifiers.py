"""Precision and recall of the default profile by classifier: `python -m bench.classifiers`."""

from tests.classify import corpus
from tests.classify.accuracy import Accuracy

from bench.tables import table
from meterd.classify import Engine
from meterd.classify.system import system_library


def measure() -> Accuracy:
    """The whole corpus."""
    accuracy = Accuracy(Engine(system_library()))
    for texts in (corpus.personal(), corpus.addresses(), corpus.secrets()):
        accuracy.take(texts)
    accuracy.take_ordinary()
    return accuracy


def main() -> None:
    accuracy = measure()
    names = sorted(accuracy.there | accuracy.wrong)
    rows = [
        (
            name,
            accuracy.there[name],
            accuracy.found[name],
            accuracy.wrong[name],
            accuracy.recall(name) if accuracy.there[name] else "–",
            accuracy.precision(name),
        )
        for name in names
    ]
    rows.append(
        (
            "all",
            accuracy.there.total(),
            accuracy.found.total(),
            accuracy.wrong.total(),
            accuracy.recall(),
            accuracy.precision(),
        )
    )
    print(table("Classifiers", ("classifier", "there", "found", "wrong", "recall", "precision"), rows))


if __name__ == "__main__":
    main()
