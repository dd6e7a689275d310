import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from meterd.access import Caller, Scope, SubjectType
from meterd.datasets import (
    API_REQUESTS,
    DATASETS,
    GATEWAY_REQUESTS,
    GUARDRAIL_EVALUATIONS,
    METER_EVENTS,
    MODEL_CALLS,
    PROCESS_RUNS,
    QUEUE_SAMPLES,
    SESSION_EVENTS,
    SESSION_METRICS,
    Dataset,
)
from meterd.errors import Forbidden, InvalidInput
from meterd.ingest.facts import Facts
from meterd.ingest.rows import facts_from_json

CALLER = Caller("acme", "alice@example.com", SubjectType.USER, ("blue", "red"), scopes=frozenset({Scope.INGEST}))
ANY_SUBJECT = Caller(
    "acme", "gateway", SubjectType.VIRTUAL_ACCOUNT, (), scopes=frozenset({Scope.INGEST, Scope.INGEST_ANY_SUBJECT})
)


EVENT: dict[str, object] = {"meter": "ai_guard.agent", "agent": "bot", "platform": "DATABRICKS", "value": 1}


def accept(
    body: object,
    caller: Caller = CALLER,
    dataset: Dataset = GUARDRAIL_EVALUATIONS,
    lines: bool = False,
    max_rows: int = 100_000,
) -> Facts:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return facts_from_json(raw, dataset, caller, lines, max_rows)


def rows(body: object, caller: Caller = CALLER, **arguments: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in accept(body, caller, **arguments).lines.splitlines()]


def row(body: object, caller: Caller = CALLER, **arguments: Any) -> dict[str, Any]:
    (only,) = rows(body, caller, **arguments)
    return only


def required(dataset: Dataset) -> dict[str, object]:
    """Values of the members that a row of the dataset must have."""
    return {
        column.member: 1 if column.kind.is_numeric else "x"
        for column in dataset.columns
        if column.required and not column.assigned
    }


def refusal(body: object, caller: Caller = CALLER, **arguments: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        accept(body, caller, **arguments)
    return caught.value.message


class TestBody:
    def test_is_one_object(self) -> None:
        facts = accept({"guardrailName": "pii"})

        assert (facts.dataset, facts.tenant, facts.count) == ("guardrail_evaluations", "acme", 1)

    def test_is_an_array(self) -> None:
        assert [each["guardrailName"] for each in rows([{"guardrailName": "a"}, {"guardrailName": "b"}])] == ["a", "b"]

    @pytest.mark.parametrize("body", [b"[]", b" [ ] "])
    def test_may_be_an_empty_array(self, body: bytes) -> None:
        assert accept(body).count == 0

    @pytest.mark.parametrize(
        "body", [b'{"latencyMs":1}\n{"latencyMs":2}', b'{"latencyMs":1}\r\n\r\n{"latencyMs":2}\r\n']
    )
    def test_is_ndjson_when_the_client_says_so(self, body: bytes) -> None:
        assert [each["latencyMs"] for each in rows(body, lines=True)] == [1.0, 2.0]

    def test_may_be_surrounded_by_space(self) -> None:
        assert accept(b' \r\n\t{"latencyMs": 1}\n ').count == 1

    def test_of_several_lines_without_the_content_type_tells_what_to_send(self) -> None:
        assert "application/x-ndjson" in refusal(b"{}\n{}")

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b'{"a"',
            b"hello",
            b"{} x",
            b"[{}",
            b'{"latencyMs": NaN}',
            b'{"latencyMs": Infinity}',
            b'{"guardrailName": "\xff"}',
            b'{"guardrailName": "\\ud800"}',
            b'{"metadata": {"a": ' + b"[" * 100_000,
            gzip.compress(b"{}", mtime=0),
        ],
    )
    def test_that_is_no_json_is_refused(self, body: bytes) -> None:
        assert refusal(body).startswith("the body is ")

    @pytest.mark.parametrize("body", [b"5", b'"x"', b"null", b"[5]", b"[null]", b"[[]]"])
    def test_whose_rows_are_no_objects_is_refused(self, body: bytes) -> None:
        assert "row 0: the row must be an object" in refusal(body)

    def test_has_at_most_a_number_of_rows(self) -> None:
        assert accept([{}] * 3, max_rows=3).count == 3
        assert "4 rows, the limit is 3" in refusal([{}] * 4, max_rows=3)

    def test_without_anything_is_no_rows_of_ndjson(self) -> None:
        assert accept(b"", lines=True).count == 0

    def test_without_anything_is_no_json(self) -> None:
        refusal(b"")


class TestBadRow:
    @pytest.mark.parametrize(
        ("bad", "sentence"),
        [
            ({"latencyMs": "12"}, "latencyMs must be a number, got a string"),
            ({"latencyMs": True}, "latencyMs must be a number, got a boolean"),
            ({"isFailure": "false"}, "isFailure must be true or false, got a string"),
            ({"guardrailName": 5}, "guardrailName must be a string, got a number"),
            ({"guardrailname": "x"}, "guardrailname is not a known field"),
            ({"tenant": "other"}, "tenant is not a known field"),
            ({"latency_ms": 1}, "latency_ms is not a known field"),
            ({"teams": "red"}, "teams must be an array, got a string"),
            ({"teams": ["red", 5]}, "teams[1] must be a string, got a number"),
            ({"metadata": ["a"]}, "metadata must be an object, got an array"),
            ({"createdAt": "yesterday"}, "createdAt must be an ISO 8601 time"),
            ({"createdAt": 1700000000}, "createdAt must be an ISO 8601 time"),
        ],
    )
    def test_is_named_with_its_field(self, bad: dict[str, object], sentence: str) -> None:
        assert refusal([{}, {}, {}, bad, {}]).startswith(f"row 3: {sentence}")
        assert refusal(bad).startswith(f"row 0: {sentence}")
        assert refusal(b"{}\n" + json.dumps(bad).encode(), lines=True).startswith(f"row 1: {sentence}")

    def test_of_a_wrong_choice_tells_the_choices(self) -> None:
        message = refusal({"createdBySubjectType": "robot"})

        assert message.startswith("row 0: createdBySubjectType must be ")
        assert "user" in message
        assert "virtualaccount" in message

    @pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"9" * 400])
    def test_with_a_number_that_is_not_finite_is_refused(self, number: bytes) -> None:
        assert refusal(b'{"latencyMs":' + number + b"}") == "row 0: latencyMs must be a finite number"

    @pytest.mark.parametrize(
        ("value", "sentence"),
        [
            (b"1.5", "value must be an integer, got a number"),
            (b"-1", "value must be at least 0"),
            (b'"1"', "value must be an integer, got a string"),
            (b"null", "value must be an integer, got null"),
            (b"18446744073709551616", "value must be below 2^64"),
        ],
    )
    def test_with_a_count_that_is_no_whole_number_is_refused(self, value: bytes, sentence: str) -> None:
        assert f"row 0: {sentence}" == refusal(
            b'{"meter":"ai_guard.agent","agent":"a","platform":"DATABRICKS","value":' + value + b"}",
            dataset=METER_EVENTS,
        )

    def test_without_a_required_field_is_refused(self) -> None:
        assert refusal([EVENT, {"value": 1}], dataset=METER_EVENTS) == "row 1: meter is required"

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"meter": "m"}, "meter must be one of ai_guard.agent, ai_guard.user, ai_guard.redact, got 'm'"),
            ({"meter": "ai_guard.classification", "actor": "user", "classifier": "US_SSN"}, "meter must be one of "),
            ({"agent": None}, "agent is required for ai_guard.agent"),
            ({"platform": None}, "platform is required for ai_guard.agent"),
            ({"platform": "x"}, "platform must be one of AMAZON_BEDROCK, AMAZON_SAGEMAKER, AZURE_FOUNDRY, "),
            ({"meter": "ai_guard.user"}, "newSession is required for ai_guard.user"),
            (
                {"meter": "ai_guard.redact", "action": "block", "actor": "me"},
                "actor must be one of agent, user, got 'me'",
            ),
            ({"agent": "x" * 4097}, "agent must be at most 4096 characters long"),
        ],
    )
    def test_keeps_to_the_rules_of_its_meter(self, changes: dict[str, object], sentence: str) -> None:
        assert refusal([EVENT, EVENT | changes], dataset=METER_EVENTS).startswith(f"row 1: {sentence}")

    @pytest.mark.parametrize(
        ("dataset", "member"),
        [(dataset, member) for dataset in DATASETS.values() for member in sorted(dataset.assigned)],
        ids=lambda each: getattr(each, "name", each),
    )
    @pytest.mark.parametrize("value", [2**63 - 1, "x", {}, [], 1.5, True])
    def test_with_a_member_that_only_the_server_sets_is_refused(
        self, dataset: Dataset, member: str, value: object
    ) -> None:
        message = refusal([{**required(dataset), member: value}], ANY_SUBJECT, dataset=dataset)

        assert message == f"row 0: {member} is set by the server: leave it out"

    @pytest.mark.parametrize(("dataset", "member"), [(SESSION_METRICS, "details"), (SESSION_EVENTS, "data")])
    @pytest.mark.parametrize(
        "text", ['{"a": 1}, {"forged": true}', "[1]", "hello", "", '{"a":' * 101 + "1" + "}" * 101]
    )
    def test_with_a_document_that_is_no_json_object_is_refused(self, dataset: Dataset, member: str, text: str) -> None:
        assert refusal([{"sessionId": "s", member: text}], dataset=dataset).startswith(f"row 0: {member} ")


AMOUNTS = [
    (dataset, column.member, value)
    for dataset in DATASETS.values()
    for column in dataset.columns
    if not column.assigned
    for bound, value in ((column.minimum, -1), (column.maximum, 10**16))
    if bound is not None
]


class TestAmount:
    @pytest.mark.parametrize(
        ("dataset", "member", "value"), AMOUNTS, ids=[f"{each.name}.{name}={value}" for each, name, value in AMOUNTS]
    )
    def test_that_can_not_be_is_refused(self, dataset: Dataset, member: str, value: int) -> None:
        message = refusal(required(dataset) | {member: value}, dataset=dataset)

        assert message.startswith(f"row 0: {member} must be at {'least' if value < 0 else 'most'} ")

    @pytest.mark.parametrize(
        ("dataset", "members"),
        [
            (MODEL_CALLS, "inputTokens outputTokens costInUSD latencyMs timeToFirstTokenMs httpStatusCode"),
            (API_REQUESTS, "httpstatus duration responseSize value"),
            (PROCESS_RUNS, "duration value"),
            (GATEWAY_REQUESTS, "latencyMs httpStatusCode"),
        ],
    )
    def test_has_bounds(self, dataset: Dataset, members: str) -> None:
        bounded = {member for each, member, _ in AMOUNTS if each is dataset}

        assert bounded >= set(members.split())

    @pytest.mark.parametrize("status", [0, 99, 600, 1000, 2**62])
    def test_that_is_no_status_is_refused(self, status: int) -> None:
        assert "httpStatusCode must be at " in refusal({"httpStatusCode": status}, dataset=MODEL_CALLS)


class TestOrigin:
    @pytest.mark.parametrize("dataset", [API_REQUESTS, PROCESS_RUNS, QUEUE_SAMPLES])
    def test_is_set_by_who_takes_the_row(self, dataset: Dataset) -> None:
        sent = required(dataset)

        assert row(sent, dataset=dataset)["origin"] == "sent"
        assert row(sent, ANY_SUBJECT, dataset=dataset)["origin"] == "vouched"

    @pytest.mark.parametrize("dataset", [API_REQUESTS, PROCESS_RUNS, QUEUE_SAMPLES])
    @pytest.mark.parametrize("caller", [CALLER, ANY_SUBJECT])
    def test_can_not_be_forged_by_the_id_of_a_recorded_call(self, dataset: Dataset, caller: Caller) -> None:
        own = "ffffffff" + "0123456789abcdef"

        assert refusal(required(dataset) | {"id": own}, caller, dataset=dataset).startswith("row 0: id of 24 ")
        for other in (own[:-1], own + "0", "fe" + own[2:], own.upper(), "ff65" + own[4:]):
            assert row(required(dataset) | {"id": other}, caller, dataset=dataset)["id"] == other

    def test_is_told_by_ids_that_are_made_up(self) -> None:
        made_up = {each["id"] for each in rows([{}] * 2000, dataset=API_REQUESTS)}

        assert len(made_up) == 2000
        assert not any(each.startswith("f") for each in made_up)


class TestValues:
    def test_a_document_is_kept_as_it_is(self) -> None:
        text = ' {"a": [1, "}"]}'

        assert row({"sessionId": "s", "data": text}, dataset=SESSION_EVENTS)["data"] == text

    def test_the_largest_count_is_kept(self) -> None:
        assert row(EVENT | {"value": 2**64 - 1}, dataset=METER_EVENTS)["value"] == 2**64 - 1

    def test_null_is_the_same_as_absent(self) -> None:
        nothing = dict.fromkeys(column.member for column in GUARDRAIL_EVALUATIONS.columns)

        assert row({}).keys() == row(nothing).keys()

    def test_text_is_kept_as_it_is(self) -> None:
        text = 'é😀\x00\n\r\u2028"\\ \x7f'

        assert text == row({"guardrailName": text})["guardrailName"]

    def test_a_result_is_an_open_set(self) -> None:
        assert row({"guardrailResult": "anything at all"})["guardrailResult"] == "anything at all"

    def test_numbers_are_kept_exactly(self) -> None:
        found = [
            row(b'{"latencyMs": ' + number + b"}")["latencyMs"]
            for number in (b"0.1", b"4.9999999999999996e-05", b"0", b"5")
        ]
        assert found == [0.1, 4.9999999999999996e-05, 0.0, 5.0]


class TestTime:
    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
            ("2026-01-31T12:00:00", "2026-01-31T12:00:00Z"),
            ("2026-01-31T12:00:00.123456Z", "2026-01-31T12:00:00.123456Z"),
            ("2026-01-31T12:00:00+05:30", "2026-01-31T06:30:00Z"),
            ("2026-01-01T00:00:00-01:00", "2026-01-01T01:00:00Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ],
    )
    def test_is_utc_with_microseconds(self, sent: str, kept: str) -> None:
        assert kept == row({"createdAt": sent})["createdAt"]

    def test_is_that_of_arrival_by_default_and_the_same_for_all_rows(self) -> None:
        before = datetime.now(UTC)
        one, other = rows([{}, {"createdAt": None}])
        after = datetime.now(UTC)

        assert one["createdAt"] == other["createdAt"]
        assert before <= datetime.fromisoformat(one["createdAt"]) <= after

    def test_may_be_a_day_ahead(self) -> None:
        ahead = datetime.now(UTC) + timedelta(hours=23, minutes=59)

        assert accept({"createdAt": ahead.isoformat()}).count == 1
        assert accept({"createdAt": ahead.astimezone().isoformat()}).count == 1

    @pytest.mark.parametrize("ahead", [timedelta(hours=24, minutes=1), timedelta(days=3650)])
    def test_further_ahead_is_refused(self, ahead: timedelta) -> None:
        assert "row 1: createdAt" in refusal([{}, {"createdAt": (datetime.now(UTC) + ahead).isoformat()}])

    @pytest.mark.parametrize("time", ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
    def test_out_of_range_is_refused(self, time: str) -> None:
        assert refusal({"createdAt": time}).startswith("row 0: createdAt")


class TestSubject:
    def test_is_the_tokens_by_default(self) -> None:
        found = row({})

        assert found["createdBySubjectSlug"] == "alice@example.com"
        assert found["createdBySubjectType"] == "user"
        assert found["teams"] == ["blue", "red"]

    def test_may_be_the_tokens_own(self) -> None:
        found = row({"createdBySubjectSlug": "alice@example.com", "createdBySubjectType": "user", "teams": ["red"]})

        assert found["createdBySubjectSlug"] == "alice@example.com"
        assert found["teams"] == ["red"]

    def test_may_leave_out_its_teams(self) -> None:
        assert row({"teams": []}).get("teams", []) == []

    def test_has_each_team_once(self) -> None:
        assert row({"teams": ["red", "blue", "red"]})["teams"] == ["red", "blue"]

    @pytest.mark.parametrize(
        ("other", "field"),
        [
            ({"createdBySubjectSlug": "bob@example.com"}, "createdBySubjectSlug"),
            ({"createdBySubjectType": "virtualaccount"}, "createdBySubject"),
            ({"teams": ["red", "green"]}, "teams"),
        ],
    )
    def test_of_somebody_else_needs_the_scope(self, other: dict[str, object], field: str) -> None:
        with pytest.raises(Forbidden) as caught:
            accept([{}, other])
        assert caught.value.message.startswith("row 1: ")
        assert field in caught.value.message
        assert "ingest:any-subject" in caught.value.message

    def test_of_somebody_else_is_kept_with_the_scope(self) -> None:
        found = row(
            {"createdBySubjectSlug": "bob@example.com", "createdBySubjectType": "user", "teams": ["green"]}, ANY_SUBJECT
        )

        assert (
            found["createdBySubjectSlug"],
            found["createdBySubjectType"],
            found["teams"],
        ) == ("bob@example.com", "user", ["green"])

    def test_is_completed_member_by_member(self) -> None:
        found = row({"createdBySubjectSlug": "worker"}, ANY_SUBJECT)

        assert (found["createdBySubjectSlug"], found["createdBySubjectType"]) == ("worker", "virtualaccount")


class TestIdentity:
    def test_is_trace_and_span(self) -> None:
        facts = accept(
            [{"traceId": "t", "spanId": "s"}, {"traceId": "t", "spanId": "s2"}, {"traceId": "t", "spanId": "s"}]
        )

        one, other, again = facts.identities
        assert one == again
        assert one != other

    def test_is_that_of_its_sender(self) -> None:
        sent = [{"traceId": "t", "spanId": "s"}]
        others = [
            msgspec.structs.replace(CALLER, subject="bob"),
            msgspec.structs.replace(CALLER, subject_type=SubjectType.VIRTUAL_ACCOUNT),
            ANY_SUBJECT,
        ]

        assert len({accept(sent, each).identities for each in (CALLER, *others)}) == 4
        assert accept(sent).identities == accept(sent, msgspec.structs.replace(CALLER, teams=())).identities

    @pytest.mark.parametrize("dataset", [API_REQUESTS, PROCESS_RUNS, QUEUE_SAMPLES])
    def test_of_a_record_is_that_of_its_environment(self, dataset: Dataset) -> None:
        sent = required(dataset) | {"id": "nightly"}
        plain, production, staging = accept(
            [sent, sent | {"environment": "production"}, sent | {"environment": "staging"}], dataset=dataset
        ).identities

        assert plain == production != staging

    @pytest.mark.parametrize("half", [{"traceId": "t"}, {"spanId": "s"}, {"traceId": "t", "spanId": None}])
    def test_is_both_or_none(self, half: dict[str, object]) -> None:
        message = refusal([{}, half])

        assert message.startswith("row 1: ")
        assert "traceId" in message
        assert "spanId" in message

    def test_of_rows_without_ids_is_none_so_that_all_are_kept(self) -> None:
        assert accept([{}, {}]).identities == ()

    def test_of_another_dataset_needs_no_span(self) -> None:
        assert row(EVENT | {"traceId": "t"}, dataset=METER_EVENTS)["traceId"] == "t"


class TestMetadata:
    def test_is_kept(self) -> None:
        assert row({"metadata": {"env": "prod", "": "", "k": "é😀"}})["metadata"] == {"env": "prod", "": "", "k": "é😀"}

    def test_may_be_as_large_as_the_limits(self) -> None:
        metadata = {f"{n:03}" + "😀" * 125: "😀" * 128 for n in range(64)}

        assert metadata == row({"metadata": metadata})["metadata"]

    def test_has_at_most_64_keys(self) -> None:
        message = refusal([{}, {"metadata": {f"k{n}": "v" for n in range(65)}}])

        assert message.startswith("row 1: metadata")
        assert "64" in message

    @pytest.mark.parametrize(("key", "value"), [("note", "x" * 129), ("note" + "x" * 125, "v")])
    def test_that_is_too_long_is_refused_by_its_key(self, key: str, value: str) -> None:
        message = refusal([{}, {"metadata": {"fine": "v", key: value}}])

        assert message.startswith("row 1: metadata.note")
        assert "128" in message

    def test_null_is_the_same_as_absent(self) -> None:
        assert row({"metadata": {"a": "1", "b": None}})["metadata"] == {"a": "1"}

    @pytest.mark.parametrize("number", [b"1e999", b"-1e999"])
    def test_with_a_number_that_is_not_finite_is_refused(self, number: bytes) -> None:
        assert refusal(b'{"metadata":{"a":' + number + b"}}").startswith("row 0: metadata")
