import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.access import Caller, Scope, SubjectType
from meterd.datasets import GUARDRAIL_EVALUATIONS, MCP_CALLS, MODEL_CALLS
from meterd.errors import TooLarge
from meterd.ingest.reports import Report, cut, fact_id, labels, milliseconds
from meterd.ingest.spans import Place, label
from meterd.settings import Ingest

ANY_SUBJECT = Caller(
    "acme",
    "gateway",
    SubjectType.VIRTUAL_ACCOUNT,
    ("ops",),
    scopes=frozenset({Scope.INGEST, Scope.INGEST_ANY_SUBJECT}),
)
OWN_ONLY = Caller("acme", "ann", SubjectType.USER, ("red", "blue"), scopes=frozenset({Scope.INGEST}))
LONG = "é" * 5000


class TestReport:
    def test_of_nothing_has_no_facts(self) -> None:
        report = Report(OWN_ONLY, Ingest(), 2**20)
        report.add(MCP_CALLS, [])

        assert report.facts() == ()

    def test_has_facts_of_each_dataset_for_the_tenant_of_the_token(self) -> None:
        report = Report(OWN_ONLY, Ingest(), 2**20)
        for _ in range(2):
            report.add(GUARDRAIL_EVALUATIONS, [GUARDRAIL_EVALUATIONS.row_type(guardrail_name="a")])
        report.add(MCP_CALLS, [MCP_CALLS.row_type(method="tools/list")])

        assert [("guardrail_evaluations", "acme", 2), ("mcp_calls", "acme", 1)] == [
            (facts.dataset, facts.tenant, facts.count) for facts in report.facts()
        ]

    def test_has_the_identities_of_its_rows(self) -> None:
        report = Report(OWN_ONLY, Ingest(), 2**20)
        report.add(MCP_CALLS, [MCP_CALLS.row_type(method="m", trace_id="t", span_id=span) for span in ("1", "2", "1")])
        (facts,) = report.facts()
        first, second, third = facts.identities

        assert first == third != second

    def test_keeps_line_identity_and_place_of_a_fact_together(self) -> None:
        report = Report(OWN_ONLY, Ingest(), 2**20)
        places = [
            Place(report.span_key("t", f"{number:016x}"), number, label(b"c", "m", None, ""), "t")
            for number in range(3)
        ]
        rows = [
            MCP_CALLS.row_type(method="a", trace_id="t", span_id="1"),
            MCP_CALLS.row_type(method="x" * 5000),  # left out
            MCP_CALLS.row_type(method="c"),
        ]
        report.add(MCP_CALLS, rows, places=places)
        report.add(MCP_CALLS, [MCP_CALLS.row_type(method="d")])
        (facts,) = report.facts()

        assert [json.loads(line)["method"] for line in facts.lines.splitlines()] == ["a", "c", "d"]
        assert [identity is not None for identity in facts.identities] == [True, False, False]
        assert facts.places == (places[0], places[2], None)
        assert facts.count == 3

    def test_has_one_identity_for_whoever_may_speak_for_others(self) -> None:
        another = msgspec.structs.replace(ANY_SUBJECT, subject="collector")
        stranger = msgspec.structs.replace(OWN_ONLY, subject="bob")
        found = []
        for caller in (ANY_SUBJECT, another, OWN_ONLY, stranger):
            report = Report(caller, Ingest(), 2**20)
            report.add(MCP_CALLS, [MCP_CALLS.row_type(method="m", trace_id="t", span_id="s")])
            found += [facts.identities for facts in report.facts()]

        assert found[0] == found[1]
        assert len(set(found)) == 3

    def test_leaves_out_members_that_a_column_may_not_have(self) -> None:
        report = Report(OWN_ONLY, Ingest(), 2**20)
        report.add(
            MCP_CALLS,
            [
                MCP_CALLS.row_type(method="m", error_code=2**63, tool_name="x" * 4097, mcp_server_id="kept"),
                MCP_CALLS.row_type(method="m", error_code=2**63 - 1),
            ],
        )
        (facts,) = report.facts()

        assert [json.loads(line) for line in facts.lines.splitlines()] == [
            {"method": "m", "mcpServerId": "kept"},
            {"method": "m", "errorCode": 2**63 - 1},
        ]
        assert report.members_left_out == {"errorCode": 1, "toolName": 1}
        assert report.rows_left_out == {}

    def test_leaves_out_rows_that_can_not_do_without_a_member(self) -> None:
        report = Report(OWN_ONLY, Ingest(), 2**20)
        report.add(MCP_CALLS, [MCP_CALLS.row_type(method="x" * 4097), MCP_CALLS.row_type(method="m")])
        (facts,) = report.facts()

        assert facts.lines == b'{"method":"m"}\n'
        assert report.rows_left_out == {"method must be at most 4096 characters long": 1}

    def test_is_not_refused_for_what_is_derived(self) -> None:
        report = Report(OWN_ONLY, Ingest(), 2**20)
        report.add(MODEL_CALLS, [MODEL_CALLS.row_type(latency_ms=1.0, time_to_first_token_ms=5.0, output_tokens=9)])
        (facts,) = report.facts()

        assert facts.lines == b'{"outputTokens":9,"latencyMs":1.0,"timeToFirstTokenMs":5.0}\n'


SUBJECTS: list[tuple[Any, Any, Any, Any, list[Any]]] = [
    # user, account, id, teams, columns
    ("ann", "key", "u-1", ["red"], ["ann", "user", "u-1", ["red"]]),
    (None, "key", "u-1", ["red"], ["key", "virtualaccount", "u-1", ["red"]]),
    ("", "key", None, [None], ["key", "virtualaccount", None, []]),
    (None, None, None, [], ["unknown", "virtualaccount", None, []]),
    ("", "", "", ["", None, "a", "b"], ["unknown", "virtualaccount", "", ["a", "b"]]),
    (LONG, None, LONG, [LONG], [LONG[:4096], "user", LONG[:4096], [LONG[:4096]]]),
]


class TestSubject:
    @pytest.mark.parametrize(("user", "account", "id_", "teams", "expected"), SUBJECTS)
    def test_is_what_the_gateway_says(self, user: Any, account: Any, id_: Any, teams: Any, expected: Any) -> None:
        columns = Report(ANY_SUBJECT, Ingest(), 2**20).subject(user, account, id_, teams)

        assert expected == [columns[name] for name in ("subject", "subject_type", "subject_id", "teams")]

    @pytest.mark.parametrize(("user", "account", "id_", "teams", "_"), SUBJECTS)
    def test_is_the_tokens_without_the_scope(self, user: Any, account: Any, id_: Any, teams: Any, _: Any) -> None:
        columns = Report(OWN_ONLY, Ingest(), 2**20).subject(user, account, id_, teams)

        assert columns == {"subject": "ann", "subject_type": SubjectType.USER, "teams": ("red", "blue")}

    def test_may_be_the_tokens_with_the_scope_too(self) -> None:
        columns = Report(ANY_SUBJECT, Ingest(), 2**20).own_subject()

        assert columns == {"subject": "gateway", "subject_type": SubjectType.VIRTUAL_ACCOUNT, "teams": ("ops",)}


class TestTime:
    def test_is_utc_with_microseconds(self) -> None:
        assert Report(OWN_ONLY, Ingest(), 2**20).time(1_760_000_000.123456) == datetime(
            2025, 10, 9, 8, 53, 20, 123456, UTC
        )

    def test_may_be_the_very_first(self) -> None:
        assert Report(OWN_ONLY, Ingest(), 2**20).time(0.0) == datetime(1970, 1, 1, tzinfo=UTC)

    def test_may_be_ahead_by_less_than_a_day(self) -> None:
        ahead = datetime.now(UTC) + timedelta(hours=23)

        assert abs(Report(OWN_ONLY, Ingest(), 2**20).time(ahead.timestamp()) - ahead) < timedelta(milliseconds=1)

    @pytest.mark.parametrize(
        "seconds", [-1e-6, -1.0, 1e10, 1e18, 1e300, -1e300, float("inf"), float("-inf"), float("nan")]
    )
    def test_that_cannot_be_stored_is_an_error(self, seconds: float) -> None:
        with pytest.raises(ValueError, match=r".+"):
            Report(OWN_ONLY, Ingest(), 2**20).time(seconds)

    def test_of_more_than_a_day_ahead_is_an_error(self) -> None:
        ahead = datetime.now(UTC) + timedelta(hours=25)

        with pytest.raises(ValueError, match="24 hours"):
            Report(OWN_ONLY, Ingest(), 2**20).time(ahead.timestamp())


@pytest.mark.parametrize(
    ("text", "stored"), [(None, None), ("", ""), ("a", "a"), ("x" * 4096, "x" * 4096), (LONG, LONG[:4096])]
)
def test_text_is_cut_to_what_is_stored(text: str | None, stored: str | None) -> None:
    assert cut(text) == stored


class TestLabels:
    @pytest.mark.parametrize("nothing", [{}, {"a": None}])
    def test_of_nothing_are_none(self, nothing: dict[str, Any]) -> None:
        assert labels(nothing) is None

    def test_are_the_first_64(self) -> None:
        assert labels({str(number): "v" for number in range(100)}) == {str(number): "v" for number in range(64)}

    def test_that_are_null_take_no_place(self) -> None:
        assert labels(dict.fromkeys(map(str, range(64))) | {"last": "v"}) == {"last": "v"}

    def test_are_cut(self) -> None:
        assert labels({"k" * 129: "v" * 129}) == {"k" * 128: "v" * 128}

    def test_that_are_the_same_when_cut_are_one(self) -> None:
        assert labels({"k" * 128 + "a": "1", "k" * 128 + "b": "2"}) == {"k" * 128: "2"}

    @pytest.mark.parametrize(
        ("value", "stored"), [(1, "1"), (True, "true"), (0.5, "0.5"), ([], "[]"), ({"a": [None]}, '{"a":[null]}')]
    )
    def test_that_are_no_text_are_json(self, value: Any, stored: str) -> None:
        assert labels({"a": value}) == {"a": stored}

    @given(st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.lists(st.text()), max_size=100))
    def test_are_always_few_and_short(self, metadata: dict[str, Any]) -> None:
        stored = labels(metadata) or {}

        assert len(stored) <= 64
        assert all(len(key) <= 128 and len(text) <= 128 for key, text in stored.items())
        assert json.loads(json.dumps(stored)) == stored


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0.0, 0.5, 500.0), (1_760_000_000.25, 1_760_000_002.25, 2000.0), (2.0, 1.0, 0.0), (1.0, 1.0, 0.0)],
)
def test_durations_are_milliseconds_and_never_negative(start: float, end: float, expected: float) -> None:
    assert milliseconds(start, end) == expected


class TestFactId:
    def test_is_16_hex_digits(self) -> None:
        assert len(fact_id("model", "a")) == len(f"{int(fact_id('model', 'a'), 16):016x}") == 16

    def test_is_the_same_for_the_same_parts(self) -> None:
        assert fact_id("model", "a", 1.5, None) == fact_id("model", "a", 1.5, None)

    def test_differs_between_kinds_and_parts(self) -> None:
        parts = [("a",), ("b",), ("a", "b"), ("ab",), ("a", None), ("a", 1), ("a", 1.5), ()]
        ids = [fact_id(kind, *each) for kind in ("model", "mcp") for each in parts]

        assert len(set(ids)) == len(ids)

    def test_takes_text_that_cannot_be_encoded(self) -> None:
        assert fact_id("model", "\ud800") != fact_id("model", "\ud801")


class TestLimits:
    def test_more_facts_than_a_request_may_have_are_refused(self) -> None:
        report = Report(OWN_ONLY, Ingest(max_rows=2), 2**20)
        report.add(MCP_CALLS, [MCP_CALLS.row_type(method="tools/list")] * 2)

        with pytest.raises(TooLarge, match=r"more than 2 facts \(ingest\.max-rows\)"):
            report.add(MCP_CALLS, [MCP_CALLS.row_type(method="tools/list")])

    def test_facts_that_grew_larger_than_what_may_wait_are_refused(self) -> None:
        report = Report(OWN_ONLY, Ingest(queue_bytes=10_000), 2**20)
        shared = {str(number): "x" * 100 for number in range(10)}
        report.add(MCP_CALLS, [MCP_CALLS.row_type(method="tools/list", metadata=shared)] * 20)

        with pytest.raises(TooLarge, match=r"ingest\.queue-bytes"):
            report.facts()

    def test_many_facts_are_all_there(self) -> None:
        report = Report(OWN_ONLY, Ingest(), 2**20)
        report.add(MCP_CALLS, [MCP_CALLS.row_type(method="tools/list")] * 2500)

        assert sum(facts.count for facts in report.facts()) == 2500
