from typing import NamedTuple

from meterd.classify.findings import Finding, Precedence
from meterd.classify.model import Category, Classifier, Likelihood


def classifier(code: str, family: str = "", yields_to: tuple[str, ...] = ()) -> Classifier:
    return Classifier(code, code.upper(), Category.OTHER, "", (), family=family, yields_to=yields_to)


class Proposer(NamedTuple):
    likelihood: Likelihood
    classifier: Classifier


def settled(
    *findings: tuple[int, int, Likelihood, Classifier], judged: list[tuple[int, int, str]] | None = None
) -> list[tuple[int, int, str]]:
    """What is kept; `judged` gets what was looked at."""

    def judge(start: int, end: int, proposer: Proposer) -> Finding:
        if judged is not None:
            judged.append((start, end, proposer.classifier.code))
        return Finding(start, end, *proposer)

    precedence = Precedence([finding[3] for finding in findings])
    kept = precedence.settled(
        [(start, end, Proposer(likelihood, classifier)) for start, end, likelihood, classifier in findings], judge
    )
    return [(finding.start, finding.end, finding.classifier.code) for finding in kept]


LIKELY, VERY = Likelihood.LIKELY, Likelihood.VERY_LIKELY


def test_a_classifier_yields_to_a_family_however_likely_it_is() -> None:
    us, any_ = classifier("us", family="phone"), classifier("any", yields_to=("phone",))
    assert [(0, 5, "us"), (7, 9, "any")] == settled((0, 5, LIKELY, us), (0, 6, VERY, any_), (7, 9, LIKELY, any_))


def test_what_would_yield_anyway_is_not_judged() -> None:
    us, any_ = classifier("us", family="phone"), classifier("any", yields_to=("phone",))
    judged: list[tuple[int, int, str]] = []
    settled((0, 6, VERY, any_), (0, 5, LIKELY, us), (7, 9, LIKELY, any_), judged=judged)
    assert [(0, 5, "us"), (7, 9, "any")] == judged


def test_members_that_yield_to_their_own_family_keep_the_likelier_then_the_first_then_the_longer() -> None:
    one, two = classifier("one", "f", ("f",)), classifier("two", "f", ("f",))
    assert [(2, 8, "two")] == settled((0, 5, LIKELY, one), (2, 8, VERY, two))
    assert [(0, 5, "one")] == settled((0, 5, LIKELY, one), (2, 8, LIKELY, two))
    assert [(0, 8, "two")] == settled((0, 5, LIKELY, one), (0, 8, LIKELY, two))


def test_overlaps_of_strangers_both_stay() -> None:
    assert [(0, 5, "one"), (2, 8, "two")] == settled((0, 5, LIKELY, classifier("one")), (2, 8, VERY, classifier("two")))


def test_what_yields_to_a_finding_that_itself_yields_stays() -> None:
    bottom, middle, top = classifier("a", "", ("b",)), classifier("b", "", ("c",)), classifier("c")
    assert [(0, 4, "a"), (6, 9, "c")] == settled((0, 4, VERY, bottom), (3, 7, VERY, middle), (6, 9, LIKELY, top))


def test_classifiers_that_yield_in_a_circle_are_settled() -> None:
    circle = [classifier("a", "", ("b",)), classifier("b", "", ("c",)), classifier("c", "", ("a",))]
    assert 1 <= len(settled(*((0, 4, LIKELY, one) for one in circle))) < 3
