"""Behaviour of sections 4 and 11.3 of `docs/specifications/ai-guard.md`."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.classify import (
    ClassifierNotFound,
    Engine,
    Likelihood,
    LimitExceeded,
    Match,
    ProfileNotFound,
    UnusableClassifier,
    codes,
    inline,
    profile,
)
from meterd.classify.engine import Selection
from meterd.classify.errors import Abandoned
from tests.classify.declarations import LIBRARY, UUID

ENGINE = Engine(LIBRARY)
PREPARED = Engine(LIBRARY)
PREPARED.prepare()
ALL = profile(UUID, 1)


def definition(regex: str, **pattern: object) -> dict[str, object]:
    return {"name": "MINE", "detections": [{"pattern": {"regex": regex, **pattern}, "likelihood": "LIKELY"}]}


def found(text: str, selection: Selection = ALL, **options: Any) -> list[tuple[str, str, int]]:
    return [(match.classifier, match.text, match.confidence) for match in ENGINE.classify(text, selection, **options)]


@pytest.mark.parametrize("engine", [ENGINE, PREPARED])
def test_a_formatted_number_after_a_phone_word_is_one_match_of_full_confidence(engine: Engine) -> None:
    assert [Match(6, 18, 100, "321-507-0525", "US_PHONE_NUMBER")] == engine.classify("phone 321-507-0525 number", ALL)


def test_a_formatted_number_alone_is_likely() -> None:
    assert [("US_PHONE_NUMBER", "321-507-0525", 75)] == found("321-507-0525 today")


def test_a_bare_run_of_digits_is_unlikely_and_by_default_not_reported() -> None:
    only = codes([("phonenumber", 1)])
    assert [] == found("see 3215070525", only)
    assert [("US_PHONE_NUMBER", "3215070525", 25)] == found("see 3215070525", only, minimum=Likelihood.UNLIKELY)
    assert [("US_PHONE_NUMBER", "3215070525", 100)] == found("call 3215070525", only)


def test_an_area_code_that_is_not_in_use_removes_the_match() -> None:
    assert [] == found("phone 999-507-0525", codes([("phonenumber", 1)]))


def test_country_prefix_and_parenthesis_join_the_match() -> None:
    assert [("US_PHONE_NUMBER", "+1 (321) 507-0525", 75)] == found("+1 (321) 507-0525")


def test_a_word_further_away_than_the_window_does_not_count() -> None:
    assert [("US_PHONE_NUMBER", "321-507-0525", 75)] == found("phone" + 6 * " or so" + " 321-507-0525")


def test_a_word_within_another_word_does_not_count() -> None:
    assert [("US_PHONE_NUMBER", "321-507-0525", 75)] == found("hotel 321-507-0525")


@pytest.mark.parametrize("name", ["homePhone", "home_phone", "phone2", "PHONE"])
def test_an_object_name_raises_the_likelihood(name: str) -> None:
    assert [("US_PHONE_NUMBER", "3215070525", 100)] == found("3215070525", metadata={"objectName": name})


def test_an_object_with_another_name_changes_nothing() -> None:
    assert [] == found("3215070525", codes([("phonenumber", 1)]), metadata={"objectName": "total"})


def test_a_number_within_a_longer_one_is_not_found() -> None:
    only = codes([("US_SSN", 1)])
    assert [] == found("536-90-4399-1 and x536-90-4399", only)
    assert [("US_SSN", "536-90-4399", 75)] == found("(536-90-4399).", only)


def test_findings_are_in_order_and_each_once() -> None:
    assert [("TOKEN", "tok_0123456789abcdef", 100), ("US_SSN", "536-90-4399", 100)] == found(
        "tok_0123456789abcdef ssn: 536-90-4399"
    )


@pytest.mark.parametrize("prefix", ["😀 ", "é ", "e\u0301 ", "שלום ", "مرحبا ", "日本語", "\x00\x01", "\ud800 "])
def test_offsets_count_code_points(prefix: str) -> None:
    text = f"{prefix}321-507-0525 {prefix}"
    (match,) = PREPARED.classify(text, ALL)
    assert "321-507-0525" == text[match.start : match.end] == match.text


def test_a_combining_mark_before_a_number_belongs_to_the_word_it_ends() -> None:
    assert [] == found("e\u0301321-507-0525", codes([("phonenumber", 1)]))


def test_half_a_surrogate_pair_in_a_match_is_replaced() -> None:
    assert [("MINE", "a\ufffdb", 75)] == found("a\udc00b", inline([definition("a.b")]))


def test_classifiers_are_chosen_by_code_or_name() -> None:
    assert found("536-90-4399", codes([("us_ssn", 1)])) == found("536-90-4399", codes([("US_SSN", 1)])) != []


def test_nothing_is_found_in_nothing_or_by_nothing() -> None:
    assert [] == found("")
    assert [] == found("321-507-0525", codes([]))


@pytest.mark.parametrize(
    ("uuid", "version"), [("no uuid", 1), (UUID, 2), ("00000000-0000-0000-0000-000000000000", 1), ("", 1)]
)
def test_a_profile_that_does_not_exist_is_named(uuid: str, version: int) -> None:
    with pytest.raises(ProfileNotFound, match=f"^Profile not found: {uuid}$"):
        ENGINE.classify("", profile(uuid, version))


@pytest.mark.parametrize("pair", [("nope", 1), ("us_ssn", 2)])
def test_a_classifier_that_does_not_exist_is_named(pair: tuple[str, int]) -> None:
    with pytest.raises(ClassifierNotFound, match=f"^Classifier not found: {pair[0]}$"):
        ENGINE.classify("", codes([pair]))


@pytest.mark.parametrize("regex", ["(a+)+$", "(a|aa)*b", "(.*)*x", "(a*)*b", "([a-z]+)*1"])
def test_expressions_that_explode_elsewhere_are_linear(regex: str) -> None:
    text = "a" * 200_000 + "!"
    for match in ENGINE.classify(text, inline([definition(regex)])):
        assert text[match.start : match.end] == match.text


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (definition(r"(a)\1"), "invalid escape sequence"),
        (definition("(?=a)b"), "invalid perl operator"),
        (definition("("), "missing"),
        (definition(r"\C"), "cuts characters"),
        (definition("a", groupIndexes=[1]), "groupIndexes"),
        (definition("a", flags="x"), "flags"),
        (definition(r"(?:\pL{1,500}x){2}"), "instructions|repetition|large"),
        ({"name": ""}, "detections"),
        ({"name": "MINE", "detections": []}, "empty"),
        ({"name": "MINE", "detections": [{"pattern": {}}]}, "regex"),
        ({**definition("a"), "detectionRules": [{"type": "VALIDATOR"}]}, "likelihoodAdjustment"),
        (
            {
                **definition("a"),
                "detectionRules": [
                    {"type": "VALIDATOR", "validator": {"type": "no"}, "likelihoodAdjustment": {"type": "ADJUST"}}
                ],
            },
            "there is no validator 'no'",
        ),
        ({"name": "UNHEARD_OF"}, "no system classifier"),
        (7, "Expected `object`"),
    ],
)
def test_unusable_definitions_are_refused_with_the_reason(bad: object, why: str) -> None:
    with pytest.raises(UnusableClassifier, match=why):
        ENGINE.classify("a", inline([bad]))


@pytest.mark.parametrize(
    ("definitions", "limit", "why"),
    [
        ([definition("a" * 2_000_000)], "inline.max_bytes", "bytes"),
        ([definition("a")] * 101, "inline.max_classifiers", "there are 101 definitions"),
    ],
)
def test_definitions_beyond_a_limit_are_refused_by_its_name(definitions: list[Any], limit: str, why: str) -> None:
    with pytest.raises(LimitExceeded, match=why) as raised:
        ENGINE.classify("a", inline(definitions))

    assert limit == raised.value.limit


def test_definitions_nested_too_deeply_are_refused() -> None:
    nested: object = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(UnusableClassifier, match="nested too deeply"):
        ENGINE.classify("a", inline([nested]))


def test_a_definition_of_nothing_but_a_name_is_the_system_classifier() -> None:
    assert [("US_SSN", "536-90-4399", 75)] == found("536-90-4399", inline([{"name": "US_SSN"}]))


def test_a_text_of_ten_megabytes_is_searched_to_its_end() -> None:
    text = "Nothing to see here, move on please. 😀\n" * 250_000 + "ssn 536-90-4399"
    (match,) = PREPARED.classify(text, ALL)
    assert (len(text) - 11, len(text)) == (match.start, match.end)


@pytest.mark.parametrize("engine", [ENGINE, PREPARED])
def test_a_classification_that_nobody_waits_for_ends_at_its_next_step(engine: Engine) -> None:
    """Steps are pieces of the text, then each thing that was found: whoever goes in any of them is noticed there."""
    text = ("phone 321-507-0525 number " + "and " * 5_000) * 100
    steps = 0

    def is_wanted() -> bool:
        nonlocal steps
        steps += 1
        return steps < last

    for last in (1, 2, 60):
        steps = 0
        with pytest.raises(Abandoned):
            engine.classify(text, ALL, is_wanted=is_wanted)
        assert last == steps


def test_threads_share_an_engine() -> None:
    texts = [f"{number * 'é'} ssn 536-90-4399" for number in range(200)]
    with ThreadPoolExecutor(4) as threads:
        results = threads.map(lambda text: PREPARED.classify(text, ALL), texts)
    assert [number + 5 for number in range(200)] == [match.start for (match,) in results]


def test_another_library_takes_over_without_a_restart() -> None:
    engine = Engine(LIBRARY)
    mine = msgspec.structs.replace(LIBRARY.classifier("token", 1), code="mine", name="MINE")
    engine.replace(LIBRARY.extended([mine], []))
    assert ["MINE"] == [match.classifier for match in engine.classify("tok_0123456789abcdef", codes([("mine", 1)]))]


PIECES = st.sampled_from(
    [
        "321-507-0525",
        "536-90-4399",
        "ssn ",
        "phone ",
        "tok_0123456789abcdef",
        "4111 1111 1111 1111",
        "é.b@c.de",
        "10.0.0.1",
        "😀",
        "é",
        "\n",
        "-",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=5)).map("".join)


@given(TEXTS)
def test_every_match_is_a_slice_of_the_text_and_the_prefilter_changes_nothing(text: str) -> None:
    matches = ENGINE.classify(text, ALL, minimum=Likelihood.VERY_UNLIKELY)
    assert all(text[match.start : match.end] == match.text != "" for match in matches)
    assert sorted((match.start, match.end) for match in matches) == [(match.start, match.end) for match in matches]
    assert matches == PREPARED.classify(text, ALL, minimum=Likelihood.VERY_UNLIKELY)


@given(
    st.sampled_from([r"a+", r"[ab]{2,3}", r"(?:ab|b)+", r"é.", r"[^a]b", r"b?a", r"\bab\b", r"^a", r"b$"]),
    st.text("abé😀 \n"),
)
def test_a_simple_expression_finds_what_python_finds(regex: str, text: str) -> None:
    python = re.compile(regex.replace("$", r"\Z"), re.ASCII)
    expected = [match.span() for match in python.finditer(text) if match.group()]
    assert expected == [(match.start, match.end) for match in ENGINE.classify(text, inline([definition(regex)]))]
