"""`POST /classifications/v1` over HTTP (`docs/specifications/ai-guard.md` section 4)."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.process import OF_ONE_NODE, Meterd

PATH = "/classifications/v1"
DEFAULT = {"type": "profile", "uuid": "7dbf380f-0af8-4276-acb0-85413db2dbff", "version": 1}
PHONE = "phone 321-507-0525 number"
MATCH = {"start": 6, "end": 18, "confidence": 100, "text": "321-507-0525", "classifier": "US_PHONE_NUMBER"}


def body(text: str = PHONE, description: Any = DEFAULT, agent: str = "bot", **context: str) -> dict[str, Any]:
    known = {"actor": "user", "agent_id": agent, "platform": "DATABRICKS"}
    return {"context": known | context, "classifierDescription": description, "structured": False, "text": text}


def classify(meterd: Meterd, sent: Any) -> httpx2.Response:
    content = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    return meterd.client.post(PATH, content=content)


def refusal(meterd: Meterd, sent: Any) -> str:
    """The message of a 400."""
    response = classify(meterd, sent)
    assert (400, 400) == (response.status_code, response.json()["code"])
    message: str = response.json()["message"]
    return message


def counts(meterd: Meterd, agent: str) -> dict[tuple[str, str], int]:
    """How often each classifier was counted for an agent, by actor."""
    mine = [{"fieldName": "agent", "operator": "EQUAL", "value": agent}]
    points = meterd.points(
        datasource="aiGuardMetrics",
        groupBy=["classifier", "actor"],
        filters=mine,
        aggregations=[{"type": "sum", "column": "value"}],
    )
    return {(point["classifier"], point["actor"]): point["sumValue"] for point in points}


@pytest.mark.parametrize(
    "description",
    [
        DEFAULT,
        {"type": "default"},
        {"type": "codes", "codes": [{"code": "US_PHONE_NUMBER", "version": 1}]},
        DEFAULT | {"uuid": DEFAULT["uuid"].upper()},  # type: ignore[attr-defined]
    ],
)
def test_a_phone_number_is_found_once_and_surely(shared: Meterd, description: Any) -> None:
    response = classify(shared, body(description=description, session="s-1"))

    assert 200 == response.status_code
    context = {"actor": "user", "agent_id": "bot", "platform": "DATABRICKS", "session": "s-1"}
    assert {"context": context, "matches": [MATCH]} == response.json()


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("", DEFAULT),
        ("nothing to see", DEFAULT),
        (PHONE, {"type": "codes", "codes": []}),
        (PHONE, {"type": "json", "classifiers": []}),
    ],
)
def test_nothing_found_is_an_empty_list(shared: Meterd, text: str, description: Any) -> None:
    assert [] == classify(shared, body(text, description)).json()["matches"]


@pytest.mark.parametrize("before", ["😀 ", "e\u0301 ", "\u05e9\u05dc\u05d5\u05dd ", "\u0000 ", "日本 "])
def test_offsets_count_code_points(shared: Meterd, before: str) -> None:
    (match,) = classify(shared, body(before + PHONE)).json()["matches"]

    assert (len(before) + 6, len(before) + 18) == (match["start"], match["end"])
    assert "321-507-0525" == (before + PHONE)[match["start"] : match["end"]]


def test_every_match_counts_and_a_call_is_an_evaluation(shared: Meterd) -> None:
    agent = uuid.uuid4().hex
    classify(shared, body("phone 321-507-0525 and phone 321-507-0526, mail ann@example.com", agent=agent))
    classify(shared, body(agent=agent, actor="agent"))
    classify(shared, body("nothing", agent=agent))

    assert {("US_PHONE_NUMBER", "user"): 2, ("EMAIL_ADDRESS", "user"): 1, ("US_PHONE_NUMBER", "agent"): 1} == counts(
        shared, agent
    )
    evaluations = shared.points(
        datasource="guardrailMetrics",
        groupBy=["guardrailName", "guardrailResult", "appliedOnEntityScope"],
        filters=[{"metadataKey": "agent_id", "operator": "EQUAL", "value": agent}],
        aggregations=[{"type": "count", "column": "guardrailName"}, {"type": "max", "column": "latencyMs"}],
    )
    assert {
        ("ai-guard/default", "fail", "user", 1),
        ("ai-guard/default", "fail", "agent", 1),
        ("ai-guard/default", "pass", "user", 1),
    } == {
        (each["guardrailName"], each["guardrailResult"], each["appliedOnEntityScope"], each["total"])
        for each in evaluations
    }
    assert all(each["maxLatencyMs"] > 0 for each in evaluations)


def evaluations(meterd: Meterd, agent: str) -> dict[str, int]:
    """How many calls for an agent passed and failed."""
    points = meterd.points(
        datasource="guardrailMetrics",
        groupBy=["guardrailResult"],
        filters=[{"metadataKey": "agent_id", "operator": "EQUAL", "value": agent}],
    )
    return {point["guardrailResult"]: point["total"] for point in points}


PHONES = "phone 321-507-0525 and 😀 phone 321-507-0526"
"""Matches start at 6 and 31."""


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [(0, 43, 2), (0, 31, 1), (0, 32, 2), (6, 7, 1), (7, 43, 1), (7, 31, 0), (32, 43, 0), (6, 6, 0), (43, 43, 0)],
)
def test_a_request_counts_what_starts_in_the_part_that_it_counts(
    shared: Meterd, start: int, end: int, count: int
) -> None:
    agent = uuid.uuid4().hex
    response = classify(shared, body(PHONES, agent=agent) | {"counted": {"start": start, "end": end}})

    assert [6, 31] == [match["start"] for match in response.json()["matches"]]
    assert {"context", "matches"} == response.json().keys()
    assert ({("US_PHONE_NUMBER", "user"): count} if count else {}) == counts(shared, agent)
    assert {"fail" if count else "pass": 1} == evaluations(shared, agent)


@pytest.mark.parametrize(
    ("counted", "message"),
    [
        ({"start": 0, "end": 26}, "Invalid field: counted.end must be at most 25, the length of the text, got 26"),
        ({"start": 7, "end": 6}, "Invalid field: counted.start must be at most counted.end, which is 6, got 7"),
        ({"start": -1, "end": 6}, "Invalid field: counted.start must be at least 0"),
        ({"start": 0, "end": 2**70}, "Invalid field: counted.end"),
        ({"start": 0, "end": "6"}, "Invalid field: counted.end must be an integer, got a string"),
        ({"start": True, "end": 6}, "Invalid field: counted.start must be an integer, got a boolean"),
        ({"start": 0.5, "end": 6}, "Invalid field: counted.start must be an integer, got a number"),
        ({"start": 0, "end": None}, "Invalid field: counted.end must be an integer, got null"),
        ({"end": 6}, "Missing field: counted.start"),
        ({"start": 0}, "Missing field: counted.end"),
        ([0, 6], "Invalid field: counted must be an object, got an array"),
    ],
)
def test_what_is_counted_is_a_part_of_the_text(shared: Meterd, counted: Any, message: str) -> None:
    agent = uuid.uuid4().hex

    assert message in refusal(shared, body(agent=agent) | {"counted": counted})
    assert {} == counts(shared, agent)
    assert {} == evaluations(shared, agent)


@OF_ONE_NODE
def test_a_call_that_is_repeated_with_its_key_is_answered_again_and_counted_once(shared: Meterd) -> None:
    agent, key = uuid.uuid4().hex, uuid.uuid4().hex
    content = json.dumps(body(agent=agent)).encode()
    answers = [shared.client.post(PATH, content=content, headers={"Idempotency-Key": key}) for _ in range(3)]

    assert [[MATCH]] * 3 == [answer.json()["matches"] for answer in answers]
    assert {("US_PHONE_NUMBER", "user"): 1} == counts(shared, agent)
    assert {"fail": 1} == evaluations(shared, agent)


def test_a_refused_call_counts_nothing(shared: Meterd) -> None:
    agent = uuid.uuid4().hex
    refusal(shared, body(agent=agent, description={"type": "codes", "codes": [{"code": "nope", "version": 1}]}))

    assert {} == counts(shared, agent)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"context": {"agent_id": "a", "platform": "DATABRICKS"}}, "Missing field: context.actor"),
        ({"context": {"actor": "user", "platform": "DATABRICKS"}}, "Missing field: context.agent_id"),
        ({"context": {"actor": "user", "agent_id": "a"}}, "Missing field: context.platform"),
        ({"context": {"actor": "robot", "agent_id": "a", "platform": "DATABRICKS"}}, "Invalid actor: robot"),
        ({"context": {"actor": "user", "agent_id": "a", "platform": "X"}}, "Invalid platform: X"),
        ({"context": {"actor": 1}}, "Invalid field: context"),
        ({"text": None}, "Invalid field: text"),
        ({"structured": "no"}, "Invalid field: structured"),
        ({"classifierDescription": {"type": "magic"}}, "Invalid field: classifierDescription"),
        ({"classifierDescription": {"type": "profile", "uuid": "x"}}, "Missing field: classifierDescription.version"),
        ({"classifierDescription": {"type": "profile", "uuid": "x", "version": 1}}, "Profile not found: x"),
        ({"classifierDescription": DEFAULT | {"version": 2}}, f"Profile not found: {DEFAULT['uuid']}"),
        (
            {"classifierDescription": {"type": "codes", "codes": [{"code": "no", "version": 1}]}},
            "Classifier not found: no",
        ),
        ({"classifierDescription": {"type": "json", "classifiers": [{"name": "NOPE"}]}}, "NOPE"),
        ({"metadata": {"objectName": 1}}, "Invalid field: metadata.objectName"),
    ],
)
def test_a_body_that_can_not_be_worked_with_names_the_field(shared: Meterd, change: Any, message: str) -> None:
    assert message in refusal(shared, body() | change)


@pytest.mark.parametrize("missing", ["context", "classifierDescription", "structured", "text"])
def test_required_fields_are_required(shared: Meterd, missing: str) -> None:
    sent = body()
    del sent[missing]

    assert f"Missing field: {missing}" == refusal(shared, sent)


@pytest.mark.parametrize("sent", [b"", b"{", b"\xff", b"null", b"[]", b'{"text": "\\ud800"}', b"[" * 100_000])
def test_what_is_no_such_body_is_refused(shared: Meterd, sent: bytes) -> None:
    assert refusal(shared, sent)


@pytest.mark.parametrize("token", ["x", "wrong", "mtr_" + "a" * 32])
def test_a_token_comes_first(shared: Meterd, token: str) -> None:
    response = shared.anonymous.post(PATH, content=b"garbage", headers={"Authorization": f"Bearer {token}"})

    assert (401, 'Bearer realm="meterd"') == (response.status_code, response.headers["www-authenticate"])
    assert "Invalid or missing bearer token" == response.json()["message"]


def test_an_inline_classifier_finds_what_it_says(shared: Meterd) -> None:
    definition = {
        "name": "TICKET",
        "otCode": "ticket",
        "VERSION": 1,
        "isCustom": True,
        "detections": [{"type": "PATTERN", "pattern": {"regex": "TCK-[0-9]{4}"}, "likelihood": "VERY_LIKELY"}],
        "detectionRules": [],
    }
    response = classify(shared, body("see TCK-1234 now", {"type": "json", "classifiers": [definition]}))

    assert [(4, 12, "TICKET")] == [
        (each["start"], each["end"], each["classifier"]) for each in response.json()["matches"]
    ]


def test_a_bomb_is_refused_or_harmless(shared: Meterd) -> None:
    definition = {
        "name": "BOMB",
        "otCode": "bomb",
        "VERSION": 1,
        "isCustom": True,
        "detections": [{"type": "PATTERN", "pattern": {"regex": "(a+)+$"}, "likelihood": "VERY_LIKELY"}],
        "detectionRules": [],
    }
    response = classify(shared, body("a" * 50_000 + "!", {"type": "json", "classifiers": [definition]}))

    assert response.status_code in (200, 400)


def test_a_text_of_ten_megabytes_has_right_offsets(tmp_path: Path) -> None:
    text = "lorem ipsum " * 850_000 + PHONE
    with Meterd(tmp_path, environment={"METERD_SERVICE__TIMEOUT": "300"}) as patient:  # patterns are not compiled yet
        answer = classify(patient, body(text))
    assert answer.status_code == 200, answer.text
    (match,) = answer.json()["matches"]

    assert "321-507-0525" == text[match["start"] : match["end"]]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=st.text(max_size=200))
def test_any_text_is_classified(shared: Meterd, text: str) -> None:
    response = classify(shared, body(text + " " + PHONE))

    assert 200 == response.status_code
    for match in response.json()["matches"]:
        assert match["text"] == (text + " " + PHONE)[match["start"] : match["end"]]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Meterd, Path]]:
    """A server with a directory of profiles, and metrics off."""
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    config = tmp_path / "config.yaml"
    config.write_text(f"classification:\n  client:\n    type: fs\n    classifier-base-url: {profiles}\n")
    with Meterd(tmp_path / "data", config=config) as meterd:
        yield meterd, profiles


def test_profiles_of_a_directory_work_without_a_restart(own: tuple[Meterd, Path]) -> None:
    meterd, profiles = own
    mine = str(uuid.uuid4())
    description = {"type": "profile", "uuid": mine, "version": 1}
    assert [MATCH] == classify(meterd, body()).json()["matches"]
    assert f"Profile not found: {mine}" == refusal(meterd, body(description=description))

    profile = {"id": mine, "name": "mine", "profileSettings": [{"detectorCode": "EMAIL_ADDRESS", "detectorVersion": 1}]}
    (profiles / f"{mine}.json").write_text(json.dumps(profile))

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        response = classify(meterd, body("phone 321-507-0525 or ann@example.com", description))
        if response.status_code == 200:
            break
    assert ["EMAIL_ADDRESS"] == [match["classifier"] for match in response.json()["matches"]]
    assert {} == counts(meterd, "bot")
