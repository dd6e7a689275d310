"""A definition in the form of the original's one public example runs as the original's does
(`docs/specifications/ai-guard.md` 11.2, 11.3).

Its pattern finds the area code; rules drop codes that are not in use, add the rest of the number, what is before it and
an extension, and judge what has become of it.
"""

from typing import Any

import pytest

from meterd.classify import Engine, Likelihood, Match, inline
from tests.classify.declarations import LIBRARY


def rule(kind: str, target: str, adjustment: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "name": "a sentence about it",
        "inverse": False,
        "target": target,
        "likelihoodAdjustment": adjustment,
    } | more


def to(likelihood: str) -> dict[str, Any]:
    return {"type": "SET", "setLikelihood": likelihood}


WORDS = {"terms": ["call", "mobile number", "phone", "mobile_number"], "ignoreCase": True}
PHONE: dict[str, Any] = {
    "VERSION": 6,
    "name": "US_PHONE_NUMBER",
    "otCode": "phonenumber",
    "isCustom": False,
    "metadata": {"displayName": "Phone", "otDisplayName": "Phone", "languages": [], "categories": ["PII"]},
    "detections": [
        {
            "name": "with separators and without",
            "type": "PATTERN",
            "prerequisite": {"minLength": 10, "requirements": ["N"]},
            "pattern": {
                "regex": r"\b1?([0-9]{3})\)?[ \-\.]{0,3}[0-9]{3}[ \-\.]{0,3}[0-9]{4}\b",
                "flags": "g",
                "groupIndexes": [1],
                "_note": "a link",
            },
            "likelihood": "LIKELY",
            "description": "the area code",
        }
    ],
    "detectionRules": [
        rule(
            "DICTIONARY",
            "FINDING",
            to("NO_MATCH"),
            inverse=True,
            include_expand=False,
            dictionary={"terms": ["212", "305", "321"], "ignoreCase": False},
        ),
        rule(
            "PATTERN",
            "CONTEXT",
            to("LIKELY"),
            include_expand=True,
            context={"windowAfter": 15},
            pattern={"regex": r"^\)?[ -\.]?[0-9]{3}[ -\.]?[0-9]{4}\b", "flags": "g", "groupIndexes": None},
        ),
        rule(
            "PATTERN",
            "CONTEXT",
            {"type": "ADJUST", "adjustLikelihood": 0},
            include_expand=True,
            context={"windowBefore": 3},
            pattern={"regex": r"\($", "flags": "gm"},
        ),
        rule(
            "PATTERN",
            "CONTEXT",
            to("LIKELY"),
            include_expand=True,
            context={"windowBefore": 10},
            pattern={"regex": r"(?:\+0?1|\b0?1)[- ]{0,3}$", "flags": "gm"},
        ),
        rule("PATTERN", "FINDING", to("UNLIKELY"), pattern={"regex": "[0-9]{10,11}$", "flags": "gm"}),
        rule(
            "PATTERN",
            "CONTEXT",
            to("VERY_LIKELY"),
            includeExpand=True,
            context={"windowAfter": 40},
            pattern={"regex": r"^ ?(?:#|x\.?|ext\.?|extension) ?\d{1,6}\b", "flags": "gi", "_notes": "a link"},
        ),
        rule("VALIDATOR", "FINDING", to("NO_MATCH"), inverse=True, validator={"type": "PHONE_NUMBER"}),
        rule("DICTIONARY", "CONTEXT", to("VERY_LIKELY"), context={"windowBefore": 30}, dictionary=WORDS),
        rule("DICTIONARY", "OBJECT_NAME", to("VERY_LIKELY"), dictionary=WORDS),
    ],
}


def found(text: str, minimum: Likelihood = Likelihood.LIKELY, **metadata: str) -> list[tuple[str, int]]:
    matches: list[Match] = Engine(LIBRARY).classify(text, inline([PHONE]), metadata, minimum)
    return [(match.text, match.confidence) for match in matches]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at 321-507-0525 now", [("321-507-0525", 75)]),
        ("phone 321-507-0525 number", [("321-507-0525", 100)]),
        ("at (321) 507-0525 now", [("(321) 507-0525", 75)]),
        ("at +1 321-507-0525 now", [("+1 321-507-0525", 75)]),
        ("at 321-507-0525 ext 12 now", [("321-507-0525 ext 12", 100)]),
        ("at 3215070525 now", []),
        ("call 3215070525 now", [("3215070525", 100)]),
        ("at 999-507-0525 now", []),
        ("at 321-107-0525 now", []),
    ],
)
def test_rules_see_what_those_before_them_added(text: str, expected: list[tuple[str, int]]) -> None:
    assert expected == found(text)


def test_a_run_of_digits_is_unlikely() -> None:
    assert [("3215070525", 25)] == found("at 3215070525 now", Likelihood.UNLIKELY)


def test_a_phone_like_object_name_is_as_good_as_a_word() -> None:
    assert [("3215070525", 100)] == found("at 3215070525 now", objectName="mobile_number")
