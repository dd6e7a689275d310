"""LiteLLM's callback over HTTP (`docs/specifications/ingest-sources.md` section 1)."""

import contextlib
import gzip
import json
import random
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterd.access import Caller, Scope, SubjectType
from meterd.api.litellm.decode import decode
from meterd.api.litellm.facts import Translator
from meterd.ingest.reports import Report
from meterd.settings import Ingest
from tests.api.litellm.payloads import (
    START,
    Payload,
    agent_message,
    array,
    blocked,
    caller,
    embedding,
    error,
    evaluation,
    failure,
    ndjson,
    rescued,
    success,
    tool_call,
    tool_list,
)
from tests.process import OF_ONE_NODE, Meterd, make_token

LIMIT = 64 * 2**20
GUARDRAIL, MODEL, MCP, AGENT = "guardrailMetrics", "modelMetrics", "mcpMetrics", "agentMetrics"


class Proxy:
    """A LiteLLM proxy whose facts go to a tenant of its own, and someone who may read all of it."""

    def __init__(self, meterd: Meterd, *scopes: Scope, teams: tuple[str, ...] = ()) -> None:
        self.meterd = meterd
        tenant = uuid.uuid4().hex
        self._token = make_token(meterd.data, "proxy", tenant=tenant, scopes=scopes, teams=teams).token
        self._reader = (
            make_token(meterd.data, "reader", tenant=tenant, scopes=(Scope.QUERY,), tenant_admin=True).token or ""
        )

    def send(self, body: bytes | Iterator[bytes], **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        standard = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
        return self.meterd.client.post("/ingest/litellm", content=body, headers=standard | named)

    def points(self, datasource: str, *names: str, **body: Any) -> list[dict[str, Any]]:
        return self.meterd.points(self._reader, datasource=datasource, groupBy=list(names), **body)

    def total(self, datasource: str = MODEL) -> int:
        """How many facts the tenant has."""
        total: int = self.points(datasource)[0]["total"]
        return total

    def totals(self) -> list[int]:
        return [self.total(datasource) for datasource in (GUARDRAIL, MODEL, MCP, AGENT)]


@pytest.fixture
def proxy(shared: Meterd) -> Proxy:
    return Proxy(shared, Scope.INGEST, Scope.INGEST_ANY_SUBJECT)


def answer(response: httpx2.Response) -> tuple[int, int]:
    """Rows and elements of an answer that must be a success: accepted, skipped."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.json().keys() == {"accepted", "skipped"}
    return response.json()["accepted"], response.json()["skipped"]


def error_of(response: httpx2.Response, status: int = 400) -> str:
    assert response.status_code == status, response.text
    assert response.json() == {"code": status, "message": response.json()["message"]}
    message: str = response.json()["message"]
    return message


def batch() -> list[Payload]:
    """One of each: 3 evaluations, 5 calls of models, 2 of MCP, 8 requests."""
    return [
        success(guardrail_information=[evaluation(), evaluation(guardrail_name="tone")]),
        failure(),
        blocked(),
        embedding(cache_hit=True),
        tool_call(),
        tool_list(),
        agent_message(),
        *rescued(),
    ]


class TestFormats:
    @pytest.mark.parametrize("write", [array, ndjson])
    @pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson", "text/plain", "image/png"])
    def test_are_told_by_the_body_and_not_by_the_content_type(
        self, proxy: Proxy, write: Callable[..., bytes], content_type: str
    ) -> None:
        assert answer(proxy.send(write(*batch()), content_type=content_type)) == (18, 0)
        assert proxy.totals() == [3, 5, 2, 8]

    def test_may_be_one_request_an_event(self, proxy: Proxy) -> None:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda payload: answer(proxy.send(array(payload)[1:-1])), batch()))

        assert proxy.totals() == [3, 5, 2, 8]

    def test_may_be_mixed_and_count_once(self, proxy: Proxy) -> None:
        payloads = batch()
        for body in (array(*payloads), ndjson(*payloads), *(array(payload)[1:-1] for payload in payloads)):
            answer(proxy.send(body))

        assert proxy.totals() == [3, 5, 2, 8]

    def test_the_body_needs_no_content_type(self, proxy: Proxy) -> None:
        assert answer(proxy.send(array(success()), content_type="")) == (2, 0)

    def test_a_batch_of_thousands_is_taken(self, proxy: Proxy) -> None:
        assert answer(proxy.send(array(*(success() for _ in range(3000))))) == (6000, 0)
        assert proxy.total() == 3000

    def test_nothing_is_taken_as_nothing(self, proxy: Proxy) -> None:
        assert answer(proxy.send(b"[]")) == (0, 0)

    def test_unusable_elements_are_counted_and_the_rest_is_kept(self, proxy: Proxy) -> None:
        body = array(None, success(), 5, {}, success(startTime=-1.0), success(startTime=32_503_680_000.0), success())

        assert answer(proxy.send(body)) == (4, 5)
        assert proxy.total() == 2

    def test_the_proxys_own_probes_are_neither_accepted_nor_skipped(self, proxy: Proxy) -> None:
        assert answer(proxy.send(array(success(request_tags=["litellm-internal-health-check"])))) == (0, 0)


class TestRefusal:
    @pytest.mark.parametrize("body", [b"", b" \n", b"nonsense", b"[", b"{", b"[{}", b"\xff\xfe\xfd", b"<html/>"])
    def test_of_what_is_no_json(self, proxy: Proxy, body: bytes) -> None:
        assert "send an array, an object, or objects one a line" in error_of(proxy.send(body))

    @pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer mtr_" + "0" * 40, "Basic Zm9vOmJhcg=="])
    def test_without_a_valid_token_comes_before_the_body_is_read(self, proxy: Proxy, authorization: str) -> None:
        response = proxy.send(b"nonsense", authorization=authorization)

        assert error_of(response, 401) == "Invalid or missing bearer token"
        assert response.headers["www-authenticate"] == 'Bearer realm="meterd"'

    @pytest.mark.parametrize("scope", [Scope.QUERY, Scope.INGEST_ANY_SUBJECT])
    def test_without_the_scope_names_it(self, shared: Meterd, scope: Scope) -> None:
        proxy = Proxy(shared, scope)

        assert '"ingest"' in error_of(proxy.send(array(success())), 403)
        assert proxy.total() == 0

    def test_is_never_a_redirection(self, proxy: Proxy) -> None:
        response = httpx2.post(f"{proxy.meterd.url}/ingest/litellm/", content=b"[]", follow_redirects=False)

        assert not response.is_redirect

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_of_another_method_names_the_right_one(self, proxy: Proxy, method: str) -> None:
        response = proxy.meterd.client.request(method, "/ingest/litellm")

        assert (405, "POST") == (response.status_code, response.headers["allow"])

    def test_of_a_body_whose_length_is_too_large(self, proxy: Proxy) -> None:
        assert "larger than" in error_of(proxy.send(b" " * (LIMIT + 1)), 413)

    def test_of_a_body_of_unknown_length_that_grows_too_large(self, proxy: Proxy) -> None:
        assert "larger than" in error_of(proxy.send(b" " * 2**20 for _ in range(65)), 413)


class TestCompression:
    def test_by_gzip_is_undone(self, proxy: Proxy) -> None:
        assert answer(proxy.send(gzip.compress(array(*batch())), content_encoding="gzip")) == (18, 0)
        assert proxy.totals() == [3, 5, 2, 8]

    def test_that_unpacks_to_too_much_is_refused(self, proxy: Proxy) -> None:
        bomb = gzip.compress(b" " * (LIMIT + 1))

        assert "larger than" in error_of(proxy.send(bomb, content_encoding="gzip"), 413)

    def test_that_ends_too_early_is_refused(self, proxy: Proxy) -> None:
        cut = gzip.compress(array(*batch()))[:-5]

        assert "ends too early" in error_of(proxy.send(cut, content_encoding="gzip"))
        assert proxy.total() == 0

    def test_that_is_none_is_refused(self, proxy: Proxy) -> None:
        assert "gzip" in error_of(proxy.send(array(success()), content_encoding="gzip"))

    def test_of_an_unknown_kind_is_refused_by_name(self, proxy: Proxy) -> None:
        assert '"br"' in error_of(proxy.send(array(success()), content_encoding="br"))


class TestSubject:
    @pytest.mark.parametrize("datasource", [GUARDRAIL, MODEL, AGENT])
    def test_is_the_caller_of_the_gateway_with_the_scope(self, proxy: Proxy, datasource: str) -> None:
        nobody = caller(user_api_key_user_email=None, user_api_key_user_id=None)
        for metadata in (caller(), nobody):
            answer(proxy.send(array(success(metadata=metadata, guardrail_information=[evaluation()]))))

        assert proxy.points(datasource, "userEmail", "team") == [
            {"createdBySubjectSlug": "ann@example.com", "team": "red", "total": 1}
        ]
        assert proxy.points(datasource, "virtualAccount") == [{"createdBySubjectSlug": "ann-key", "total": 1}]

    def test_is_the_tokens_without_the_scope(self, shared: Meterd) -> None:
        proxy = Proxy(shared, Scope.INGEST, teams=("ops",))

        assert answer(proxy.send(array(success()))) == (2, 0)
        assert proxy.points(MODEL, "userEmail", "team") == [
            {"createdBySubjectSlug": "proxy", "team": "ops", "total": 1}
        ]


class TestAnswersOfQueries:
    def test_have_verdicts_scopes_and_milliseconds(self, proxy: Proxy) -> None:
        payload = success(
            guardrail_information=[
                evaluation(),
                evaluation(guardrail_response="mask"),
                evaluation(guardrail_mode="post_call", guardrail_status="guardrail_flagged"),
            ]
        )
        answer(proxy.send(array(payload, blocked())))

        assert {("pass", "input", 1), ("mutate", "input", 1), ("flag", "output", 1), ("fail", "input", 1)} == {
            (point["guardrailResult"], point["appliedOnEntityScope"], point["total"])
            for point in proxy.points(GUARDRAIL, "guardrailResult", "appliedOnEntityScope")
        }
        assert proxy.points(GUARDRAIL, aggregations=[{"type": "max", "column": "latencyMs"}]) == [
            {"total": 4, "maxLatencyMs": 125.0}
        ]

    def test_have_tokens_and_costs(self, proxy: Proxy) -> None:
        answer(proxy.send(array(success(), failure(), success(cache_hit=True, response_cost=0.0))))
        sums = [{"type": "sum", "column": column} for column in ("inputTokens", "outputTokens", "costInUSD")]

        assert proxy.points(MODEL, aggregations=sums) == [
            {"total": 3, "sumInputTokens": 24, "sumOutputTokens": 60, "sumCostInUSD": 0.00125}
        ]

    def test_have_the_callers_metadata(self, proxy: Proxy) -> None:
        metadata = caller(requester_metadata={"project": "a"})
        answer(proxy.send(array(success(metadata=metadata), success())))

        assert {("a", 1), (None, 1)} == {
            (point["metadata.project"], point["total"]) for point in proxy.points(MODEL, "metadata.project")
        }


def growing(payloads: list[Payload], copies: int) -> list[bytes]:
    """Bodies that each repeat the one before and add something, as LiteLLM sends them with its queue full."""
    step = len(payloads) // copies
    return [array(*payloads[: step * number]) for number in range(1, copies + 1)]


class TestRepetition:
    def test_of_growing_batches_by_nine_threads_counts_each_event_once(self, proxy: Proxy) -> None:
        payloads = [payload for _ in range(20) for payload in batch()]
        with ThreadPoolExecutor(9) as threads:
            list(threads.map(lambda body: answer(proxy.send(body)), growing(payloads, 9) * 2))

        assert proxy.totals() == [60, 100, 40, 160]

    def test_across_kill_and_restart_counts_each_event_once(self, tmp_path: Path) -> None:
        payloads = [payload for _ in range(4) for payload in batch()]
        bodies = growing(payloads, 9)
        with Meterd(tmp_path) as meterd:
            proxy = Proxy(meterd, Scope.INGEST, Scope.INGEST_ANY_SUBJECT)
            with ThreadPoolExecutor(9) as threads:
                list(threads.map(lambda body: answer(proxy.send(body)), bodies[:6]))
            meterd.kill()
            meterd.start()
            with ThreadPoolExecutor(9) as threads:
                list(threads.map(lambda body: answer(proxy.send(body)), bodies))

            assert proxy.totals() == [12, 20, 8, 32]

    def test_of_a_rescued_request_is_one_that_succeeded(self, proxy: Proxy) -> None:
        pair = rescued(guardrail_information=[evaluation()])
        for _ in range(2):
            answer(proxy.send(array(*pair)))

        assert proxy.totals() == [1, 2, 0, 1]
        assert proxy.points(AGENT, "isFailure") == [{"isFailure": False, "total": 1}]

    @OF_ONE_NODE
    def test_of_a_rescued_request_in_two_bodies_is_one(self, proxy: Proxy) -> None:
        for payload in rescued(guardrail_information=[evaluation()]):
            answer(proxy.send(array(payload)))

        assert proxy.totals() == [1, 2, 0, 1]

    @OF_ONE_NODE
    def test_of_a_rescued_request_with_a_synchronous_guardrail_is_one_evaluation(self, proxy: Proxy) -> None:
        for payload in rescued(guardrail_information=[evaluation(start_time=None, end_time=None)]):
            answer(proxy.send(array(payload)))

        assert proxy.total(GUARDRAIL) == 1

    def test_in_another_tenant_is_another_event(self, shared: Meterd) -> None:
        body = array(*batch())
        proxies = [Proxy(shared, Scope.INGEST, Scope.INGEST_ANY_SUBJECT) for _ in range(2)]
        for proxy in proxies:
            answer(proxy.send(body))

        assert [proxy.totals() for proxy in proxies] == [[3, 5, 2, 8]] * 2


MARK = "marmalade"


def everywhere() -> Iterator[Payload]:
    """Payloads with a mark in all that must not be stored."""
    hidden = {
        "messages": [{"role": "user", "content": MARK}],
        "response": {"choices": [{"message": {"content": MARK}}]},
        "error_str": MARK,
        "api_base": f"https://{MARK}.example.com",
        "requester_ip_address": MARK,
        "user_agent": MARK,
        "request_tags": [f"User-Agent: {MARK}", "User-Agent: client/1.0"],
        "classifier_input": MARK,
        "originating_request_masked": {"a": MARK},
        "model_parameters": {"tools": [MARK]},
        "cache_key": MARK,
        "hidden_params": {"additional_headers": {"llm_provider-x": MARK, "x-litellm-attempted-fallbacks": 0}},
        "error_information": error("400", "HTTPException", "", error_message=MARK, traceback=MARK, detail={"a": MARK}),
        "guardrail_information": [
            evaluation(
                guardrail_response=response,
                guardrail_status=status,
                guardrail_request={"messages": [MARK]},
                match_details=[{"snippet": MARK}],
                classification={"a": MARK},
                patterns_checked=[MARK],
            )
            for status in ("success", "guardrail_intervened", "guardrail_flagged", "guardrail_failed_to_respond")
            for response in (MARK, {"a": MARK}, [{"action": "MASK", "match": MARK}], f"400: {MARK}")
        ],
        "metadata": caller(
            requester_ip_address=MARK,
            user_agent=MARK,
            requester_metadata={
                "project": "kept",
                "headers": {"authorization": MARK, MARK: "x"},
                "tags": [MARK],
                "guardrails": [MARK],
            },
            requester_custom_headers={"x-tfy-metadata": '{"team": "kept"}', "x-secret": MARK},
            vector_store_request_metadata=[{"query": MARK}],
            prompt_management_metadata={"prompt_variables": {"a": MARK}},
            mcp_tool_call_metadata={
                "name": "add",
                "arguments": {"a": MARK},
                "result": MARK,
                "mcp_server_name": "calculator",
                "mcp_server_resource": f"https://u:{MARK}@h.example.com/{MARK}?k={MARK}",
            },
            applied_guardrails=[MARK],
        ),
    }
    for build in (success, failure, blocked, tool_call, tool_list, agent_message):
        yield build(**hidden)
        yield build(**hidden | {"id": 5, "stream": "wrong", "cost_breakdown": [MARK]})  # has to be repaired


def test_no_text_of_prompts_answers_errors_or_headers_reaches_the_disk_or_the_log(tmp_path: Path) -> None:
    payloads = list(everywhere())
    broken = array(*payloads).replace(b'"stream": null', b'"stream": NaN').replace(b'"role"', b'"\\ud800"')
    with Meterd(tmp_path) as meterd:
        proxy = Proxy(meterd, Scope.INGEST, Scope.INGEST_ANY_SUBJECT)
        for body in (
            array(*payloads),
            ndjson(*payloads),
            broken,
            array({"messages": MARK}, MARK),
            array(payloads[0])[:-9],
        ):
            proxy.send(body)
        requests = [payload for payload in payloads if "mcp" not in payload["call_type"]]  # others are parts
        assert proxy.total(AGENT) == len(requests)
        assert {"kept"} == {point["metadata.project"] for point in proxy.points(AGENT, "metadata.project")}
        while_running = contents(tmp_path)
        meterd.stop()
        written = contents(tmp_path) | {"log": meterd.log}

    assert any(b"calculator" in content for content in while_running.values())
    assert not [name for name, content in (*while_running.items(), *written.items()) if MARK.encode() in content]


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


TEN_MEGABYTES = "é" * 5_000_000


class TestLargePayload:
    @pytest.mark.parametrize(
        "payload",
        [
            success(messages=[TEN_MEGABYTES]),
            failure(error_information=error(traceback=TEN_MEGABYTES), error_str=TEN_MEGABYTES),
            success(model_group=TEN_MEGABYTES, id=5),
            success(trace_id=TEN_MEGABYTES, litellm_call_id=TEN_MEGABYTES),
            success(request_tags=[TEN_MEGABYTES], end_user=TEN_MEGABYTES),
            success(metadata=caller(requester_metadata={TEN_MEGABYTES: TEN_MEGABYTES, "a": [TEN_MEGABYTES]})),
            success(session_id=TEN_MEGABYTES, call_type=TEN_MEGABYTES),
            success(metadata=caller(requester_metadata={"session_id": TEN_MEGABYTES})),
            success(metadata=caller(user_api_key_user_email=TEN_MEGABYTES, user_api_key_team_alias=TEN_MEGABYTES)),
            success(metadata=caller(requester_custom_headers={"x-tfy-metadata": TEN_MEGABYTES})),
            success(guardrail_information=[evaluation(guardrail_response=TEN_MEGABYTES, guardrail_name=TEN_MEGABYTES)]),
            success(guardrail_information=[evaluation(guardrail_mode=[TEN_MEGABYTES], guardrail_status=TEN_MEGABYTES)]),
        ],
        ids=[
            "prompt",
            "error",
            "model",
            "ids",
            "tags",
            "metadata",
            "session",
            "callers session",
            "caller",
            "header",
            "guardrail",
            "mode",
        ],
    )
    def test_of_ten_megabytes_is_one_call(self, proxy: Proxy, payload: Payload) -> None:
        body = json.dumps(payload, ensure_ascii=False).encode()

        assert answer(proxy.send(body))[1] == 0
        assert proxy.total() == 1

    def test_with_100_000_keys_of_metadata_keeps_a_few(self, proxy: Proxy) -> None:
        keys = {f"key-{number}": number for number in range(100_000)}
        metadata = caller(requester_metadata=keys, spend_logs_metadata=keys, user_api_key_auth_metadata=keys)

        assert answer(proxy.send(array(success(metadata=metadata)))) == (2, 0)
        assert proxy.points(MODEL, "metadata.key-1") == [{"metadata.key-1": "1", "total": 1}]
        assert proxy.points(MODEL, "metadata.key-99999") == [{"metadata.key-99999": None, "total": 1}]

    @pytest.mark.parametrize("build", [success, blocked])
    def test_with_thousands_of_evaluations_is_taken(self, proxy: Proxy, build: Any) -> None:
        entries = [{"guardrail_status": "success", "guardrail_response": "x"}] * 16_000

        assert answer(proxy.send(array(build(guardrail_information=entries))))[1] == 0
        assert proxy.total(AGENT) == 1


def nested(depth: int, member: str) -> bytes:
    return json.dumps(success() | {member: "@"}).encode().replace(b'"@"', b"[" * depth + b"]" * depth)


class TestOddPayload:
    @pytest.mark.parametrize("size", [0, 300_000])
    def test_nested_to_any_depth_is_no_failure_of_the_service(self, proxy: Proxy, size: int) -> None:
        """Near the limit of the stack, what can be read may still be too deep to be written again."""
        padding = b" " * size  # above 256 kB another thread does the work, with another stack
        for depth in [*range(940, 1000, 4), 100_000]:
            raw = b"[" * depth + b"]" * depth
            metadata = json.dumps(success(metadata=caller(requester_metadata={"a": "@"}))).encode()
            for body in (metadata.replace(b'"@"', raw), metadata.replace(b'"@"', raw).replace(b"null", b"NaN", 1)):
                assert proxy.send(body + padding).status_code in (200, 400)

        assert proxy.total() >= 0

    @pytest.mark.parametrize("depth", [500, 2000, 100_000])
    @pytest.mark.parametrize("member", ["messages", "metadata", "guardrail_information"])
    def test_nested_deeply_does_not_cost_the_others_of_its_batch(self, proxy: Proxy, member: str, depth: int) -> None:
        body = b"[" + json.dumps(success(model_group="good")).encode() + b"," + nested(depth, member) + b"]"

        assert proxy.send(body).status_code == 200
        assert {"modelName": "good", "total": 1} in proxy.points(MODEL, "modelName")

    @pytest.mark.parametrize("text", ["\\ud800", "\\udfff", "\\ud83d\\ud83d", "\\u0000", "\\u2028\\n\\r\\u0085"])
    def test_with_odd_characters_everywhere_is_one_call(self, proxy: Proxy, text: str) -> None:
        payload = success(
            guardrail_information=[evaluation(guardrail_name="@", guardrail_id="@")],
            metadata=caller(requester_metadata={"@": "@", "@@": ["@"]}, user_api_key_user_email="@"),
            **dict.fromkeys(("id", "model", "model_group", "trace_id", "session_id", "end_user", "messages"), "@"),
        )

        assert answer(proxy.send(array(payload).replace(b"@", text.encode()))) == (3, 0)
        assert proxy.totals() == [1, 1, 0, 1]

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "1e308", "-1e308", "1e-400", "9" * 100, "-9" * 1, "1.5"])
    def test_with_odd_numbers_in_all_members_but_the_time_is_one_call(self, proxy: Proxy, number: str) -> None:
        payload = success(
            stream=True,
            metadata=caller(requester_metadata={"n": "@"}, usage_object={"cache_read_input_tokens": "@"}),
            guardrail_information=[evaluation(duration="@", end_time="@")],
            cost_breakdown={"total_cost": "@"},
            cache_hit=True,
            **dict.fromkeys(
                (
                    "endTime",
                    "completionStartTime",
                    "prompt_tokens",
                    "completion_tokens",
                    "response_cost",
                    "saved_cache_cost",
                ),
                "@",
            ),
        )

        assert answer(proxy.send(array(payload).replace(b'"@"', number.encode()))) == (3, 0)
        assert proxy.totals() == [1, 1, 0, 1]

    def test_with_a_huge_integer_of_the_callers_is_one_call(self, proxy: Proxy) -> None:
        body = array(success(metadata=caller(requester_metadata={"n": "@"}))).replace(b'"@"', b"9" * 5000)

        assert answer(proxy.send(body)) == (2, 0)

    @pytest.mark.parametrize("wrong", [5, "text", [], {}, True, [None], {"a": []}])
    def test_with_wrong_types_in_any_member_is_one_call(self, proxy: Proxy, wrong: Any) -> None:
        payloads = [
            success(**{name: wrong}) for name in success() if name not in ("startTime", "guardrail_information")
        ]

        assert answer(proxy.send(array(*payloads)))[1] == 0
        assert proxy.total() >= len(payloads) - 1  # text for a type of call may be that of another kind


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def mutate(document: Any, generator: random.Random, replacement: Any) -> Any:
    """The document with some values replaced, at any depth."""
    if generator.random() < 0.04:
        return replacement
    if isinstance(document, dict):
        return {name: mutate(value, generator, replacement) for name, value in document.items()}
    if isinstance(document, list):
        return [mutate(value, generator, replacement) for value in document]
    return document


class TestAnyDocument:
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(documents)
    def test_is_answered_and_the_service_goes_on(self, shared: Meterd, document: Any) -> None:
        proxy = Proxy(shared, Scope.INGEST, Scope.INGEST_ANY_SUBJECT)

        answer(proxy.send(json.dumps(document).encode()))
        assert answer(proxy.send(array(success(startTime=START)))) == (2, 0)
        assert proxy.total() >= 1

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(st.integers(0, 2**32), st.lists(documents, min_size=1, max_size=4))
    def test_close_to_a_real_one_is_answered_and_what_was_accepted_is_stored(
        self, shared: Meterd, seed: int, replacements: list[Any]
    ) -> None:
        proxy = Proxy(shared, Scope.INGEST, Scope.INGEST_ANY_SUBJECT)
        generator = random.Random(seed)
        originals = [*batch(), blocked(guardrail_information=[evaluation(), evaluation(guardrail_mode=["a", "b"])])]
        mutated = [mutate(payload, generator, generator.choice(replacements)) for payload in originals]
        accepted, skipped = answer(proxy.send(array(*mutated)))

        assert skipped <= len(mutated)
        assert sum(proxy.totals()) == distinct(array(*mutated)) <= accepted
        assert answer(proxy.send(array(*mutated))) == (accepted, skipped)


def distinct(body: bytes) -> int:
    """How many facts of a body differ in their identity."""
    report = Report(Caller("acme", "proxy", SubjectType.USER), Ingest(), 2**20)
    translator = Translator(report, assume_cache_misses=False)
    for payload in decode(body, 1000)[0]:
        with contextlib.suppress(ValueError):
            translator.add(payload)
    translator.finish()
    return len({identity for facts in report.facts() for identity in facts.identities})
