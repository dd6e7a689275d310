from hypothesis import given
from hypothesis import strategies as st

from meterd.classify.model import Likelihood
from meterd.classify.plan import Plan
from meterd.classify.prefilter import Prefilter
from meterd.classify.rules import Source
from tests.classify.declarations import CLASSIFIERS

PLAIN = Plan(CLASSIFIERS)
PATTERNS = [pattern for classifier in CLASSIFIERS for pattern in classifier.patterns]
FILTERED = Plan(CLASSIFIERS, Prefilter(PATTERNS))
TEXTS = st.lists(st.sampled_from(["321-507-0525", "ssn 536904399", "536-90-4399", " ", "😀", "é", "x", "日本"])).map(
    "".join
)


@given(TEXTS, st.integers(1, 40))
def test_a_text_in_pieces_has_the_same_findings_as_in_one(text: str, size: int) -> None:
    source = Source.of(text, "")
    whole = PLAIN.run(source, Likelihood.LIKELY)
    assert whole == PLAIN.run(source, Likelihood.LIKELY, size) == FILTERED.run(source, Likelihood.LIKELY, size)
