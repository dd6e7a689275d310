import msgspec
import pytest

from meterd.classify.definitions import read, write
from meterd.classify.model import Adjust, Classifier, Dictionary, Likelihood, Pattern, Rule, Set, Target
from tests.classify.declarations import CLASSIFIERS

FIXTURE = {
    "VERSION": 3,
    "name": "STAFF_ID",
    "otCode": "staffid",
    "isCustom": True,
    "metadata": {
        "displayName": "Staff",
        "description": "Staff number",
        "categories": ["PII"],
        "sensitivityLevel": "HIGH",
    },
    "detections": [
        {
            "type": "PATTERN",
            "pattern": {"regex": r"E(\d{5})", "flags": "im", "groupIndexes": [1]},
            "prerequisite": {"minLength": 6, "requirements": []},
            "likelihood": "UNLIKELY",
        }
    ],
    "detectionRules": [
        {
            "type": "DICTIONARY",
            "target": "CONTEXT",
            "inverse": False,
            "include_expand": True,
            "context": {"windowBefore": 10, "windowAfter": 5},
            "dictionary": {"terms": ["staff"], "ignoreCase": True},
            "likelihoodAdjustment": {"type": "ADJUST", "adjustLikelihood": 2},
        }
    ],
}


def test_a_definition_is_read() -> None:
    classifier = read(msgspec.json.encode(FIXTURE))
    assert ("staffid", "STAFF_ID", 3) == (classifier.code, classifier.name, classifier.version)
    (pattern,), (rule,) = classifier.patterns, classifier.rules
    assert (r"(?m)E(\d{5})", True, 1, Likelihood.UNLIKELY) == (
        pattern.regex,
        pattern.ignore_case,
        pattern.group,
        pattern.likelihood,
    )
    assert Rule(Dictionary(("staff",)), Target.CONTEXT, Adjust(2), False, True, 10, 5) == rule


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda classifier: classifier.code)
def test_what_is_written_is_read_as_the_same(classifier: Classifier) -> None:
    assert msgspec.structs.replace(classifier, example="") == read(write(classifier))


def test_no_likelihood_is_lost() -> None:
    for likelihood in Likelihood:
        classifier = msgspec.structs.replace(
            CLASSIFIERS[0],
            patterns=(Pattern("a", likelihood),),
            rules=(Rule(Dictionary(()), Target.FINDING, Set(likelihood)),),
        )
        assert likelihood == read(write(classifier)).patterns[0].likelihood
