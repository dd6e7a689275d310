"""The default profile on texts that were written apart from the classifiers.

Some of these were mended after what the texts showed: `docs/classifier-accuracy.md` says which.
"""

from collections import Counter

import pytest
from docs.accuracy_parts import DOCUMENTED
from docs.generate_accuracy import PAGE, page

from meterd.classify import Engine
from meterd.classify.system import system_library
from tests.classify import heldout
from tests.classify.accuracy import Accuracy, on_heldout, on_known
from tests.classify.corpus import Labelled
from tests.classify.document_accuracy import on_part


@pytest.fixture(scope="module")
def engine() -> Engine:
    prepared = Engine(system_library())
    prepared.prepare()
    return prepared


@pytest.fixture(scope="module")
def accuracy(engine: Engine) -> Accuracy:
    return on_heldout(engine)


def missed(accuracy: Accuracy, names: frozenset[str]) -> list[tuple[str, int]]:
    """What to look at first."""
    return Counter(labelled.name for labelled in accuracy.missed if labelled.name in names).most_common(10)


def test_most_of_what_has_a_form_or_check_digits_is_found(accuracy: Accuracy) -> None:
    assert accuracy.recall(*heldout.BY_FORM) >= 0.95, missed(accuracy, heldout.BY_FORM)


def test_most_of_what_is_reported_for_its_form_or_check_digits_is_right(accuracy: Accuracy) -> None:
    assert accuracy.precision(*heldout.BY_FORM) >= 0.9, accuracy.wrong.most_common(10)


def test_the_page_says_what_is_measured(engine: Engine, accuracy: Accuracy) -> None:
    documented = [on_part(engine, one.part) for one in DOCUMENTED]
    written = page(engine, on_known(engine), accuracy, documented)
    assert written == PAGE.read_text(encoding="utf-8"), "run make docs"


def test_the_corpus_is_always_the_same() -> None:
    assert list(heldout.labelled()) == list(heldout.labelled())
    assert list(heldout.ordinary()) == list(heldout.ordinary())


@pytest.mark.parametrize("kind", heldout.KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_written_in_at_least_five_ways(kind: heldout.Kind) -> None:
    assert len(set(kind.near + kind.alone)) >= 5


def test_every_text_holds_its_value() -> None:
    assert [] == [labelled for labelled in heldout.labelled() if not _holds(labelled)]


def _holds(labelled: Labelled) -> bool:
    return bool(labelled.value) and labelled.value in labelled.text and "<value>" not in labelled.text
