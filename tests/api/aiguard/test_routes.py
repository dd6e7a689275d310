"""AI Guard's endpoints over HTTP (`docs/specifications/ai-guard.md` sections 2, 3, 5, 7 and 12)."""

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from meterd.access import Scope
from tests.process import Meterd, make_token

SECRET = "correct horse battery staple"
EVENT: dict[str, Any] = {
    "attributes": {"agent_id": "billing-bot", "platform": "GCP_VERTEX"},
    "meter": {"name": "ai_guard.agent", "value": "120"},
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server with a configuration file as AI Guard has it: a shared secret, and two more attributes."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "secret").write_text(SECRET + "\n")
    (folder / "config.yaml").write_text(f"""
service:
  authorization:
    type: shared-secret
    secret-path: {folder / "secret"}
metrics:
  allowed-attributes: [region, actor, classifier]
""")
    with Meterd(folder / "data", config=folder / "config.yaml") as meterd:
        yield meterd


@pytest.fixture(scope="module")
def without_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server whose configuration file has no section `metrics`."""
    folder = tmp_path_factory.mktemp("without-metrics")
    (folder / "config.yaml").write_text("service:\n  timeout: 10\n")
    with Meterd(folder / "data", config=folder / "config.yaml") as meterd:
        yield meterd


def post(meterd: Meterd, body: Any = EVENT, token: str = "", **headers: str) -> httpx2.Response:
    """Send bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    authorization = {"authorization": f"Bearer {token}"} if token else {}
    return meterd.client.post("/metric", content=content, headers=authorization | headers)


def error_of(response: httpx2.Response, status: int = 400) -> str:
    body = response.json()
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert body == {"code": status, "message": body["message"]}
    assert body["message"]
    message: str = body["message"]
    return message


def event(meter: dict[str, Any] | None = None, attributes: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"attributes": EVENT["attributes"] | (attributes or {}), "meter": EVENT["meter"] | (meter or {})}


def values(meterd: Meterd, agent: str) -> list[dict[str, Any]]:
    """How often and with what sum an agent's events were counted."""
    return meterd.points(
        datasource="aiGuardMetrics",
        aggregations=[{"type": "sum", "column": "value"}],
        filters=[{"fieldName": "agent", "operator": "EQUAL", "value": agent}],
    )


@pytest.fixture
def agent() -> str:
    """A name that no other test uses."""
    return f"agent-{uuid.uuid4().hex}"


def test_an_event_is_answered_with_an_empty_200(shared: Meterd) -> None:
    response = post(shared)

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == "0"
    assert response.history == []


def test_an_event_is_counted_before_it_is_answered(shared: Meterd, agent: str) -> None:
    seen = []
    for _ in range(10):
        assert post(shared, event(attributes={"agent_id": agent})).status_code == 200
        seen.append(values(shared, agent))

    assert seen == [[{"total": number, "sumValue": 120 * number}] for number in range(1, 11)]


def test_events_of_many_threads_are_all_counted(shared: Meterd, agent: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: post(shared, event(attributes={"agent_id": agent})), range(100)))

    assert {answer.status_code for answer in answers} == {200}
    assert values(shared, agent) == [{"total": 100, "sumValue": 12_000}]


def test_the_largest_value_is_kept_exactly(shared: Meterd, agent: str) -> None:
    post(shared, event({"value": str(2**64 - 1)}, {"agent_id": agent}))

    assert values(shared, agent) == [{"total": 1, "sumValue": 2**64 - 1}]


WRONG: list[tuple[Any, str]] = [
    (event({"name": "ai_guard.nope"}), "Unknown meter: ai_guard.nope"),
    (event({"name": "ai_guard.classification"}), "Unknown meter: ai_guard.classification"),
    ({"meter": EVENT["meter"]}, "Missing field: attributes"),
    ({"attributes": EVENT["attributes"]}, "Missing field: meter"),
    ({"attributes": EVENT["attributes"], "meter": {"value": "1"}}, "Missing field: meter.name"),
    ({"attributes": EVENT["attributes"], "meter": {"name": "ai_guard.agent"}}, "Missing field: meter.value"),
    (EVENT | {"attributes": None}, "attributes must be an object"),
    (EVENT | {"attributes": []}, "attributes must be an object"),
    (EVENT | {"attributes": "text"}, "attributes must be an object"),
    (EVENT | {"meter": None}, "meter must be an object"),
    (EVENT | {"meter": "ai_guard.agent"}, "meter must be an object"),
    (event({"name": 5}), "meter.name must be a string"),
    (event({"name": None}), "meter.name must be a string"),
    (event({"value": 1}), "meter.value must be a string"),
    (event({"value": None}), "meter.value must be a string"),
    (event(attributes={"agent_id": 5}), "must be a string"),
    (event(attributes={"agent_id": None}), "must be a string"),
    (event(attributes={"platform": ["DATABRICKS"]}), "must be a string"),
    ({"attributes": {"platform": "DATABRICKS"}, "meter": EVENT["meter"]}, "Missing attribute: agent_id"),
    ({"attributes": {"agent_id": "a"}, "meter": EVENT["meter"]}, "Missing attribute: platform"),
    (event({"name": "ai_guard.user"}), "Missing attribute: new_session"),
    (event({"name": "ai_guard.redact"}, {"actor": "user"}), "Missing attribute: action"),
    (event(attributes={"region": "eu"}), "Attribute not allowed: region"),
    (event(attributes={"actor": "user"}), "Attribute not allowed: actor"),
    (event(attributes={"platform": "MAINFRAME"}), "Invalid value for platform"),
    (event({"name": "ai_guard.user"}, {"new_session": "yes"}), "Invalid value for new_session"),
    (event({"name": "ai_guard.redact"}, {"action": "drop", "actor": "user"}), "Invalid value for action"),
    (event({"name": "ai_guard.redact"}, {"action": "block", "actor": "cat"}), "Invalid value for actor"),
    (event({"value": "-1"}), "Invalid meter value: -1"),
    (event({"value": "1.234"}), "Invalid meter value: 1.234"),
    (event({"value": str(2**64)}), f"Invalid meter value: {2**64}"),
    (event({"value": ""}), "Invalid meter value"),
    ([EVENT], "the body must be an object"),
    (None, "the body must be an object"),
    ("text", "the body must be an object"),
    (5, "the body must be an object"),
]


@pytest.mark.parametrize(("body", "message"), WRONG)
def test_a_wrong_event_gets_400_with_the_specified_sentence(shared: Meterd, body: Any, message: str) -> None:
    assert message in error_of(post(shared, body))


NOT_JSON = {
    "nothing": b"",
    "text": b"nonsense",
    "half": b'{"attributes":',
    "two": b"{}{}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "invalid UTF-8": b'{"attributes": {"agent_id": "\xff"}}',
    "overlong UTF-8": b'{"attributes": {"agent_id": "\xc0\xaf"}}',
    "an encoded surrogate": b'{"attributes": {"agent_id": "\xed\xa0\x80"}}',
    "a lone high surrogate": b'{"attributes": {"agent_id": "\\ud83d"}}',
    "a lone low surrogate": b'{"attributes": {"agent_id": "\\ude00"}}',
    "reversed surrogates": b'{"attributes": {"agent_id": "\\ude00\\ud83d"}}',
    "a control character": b'{"attributes": {"agent_id": "\n"}}',
    "a form": b"agent_id=a&platform=DATABRICKS",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_gets_400(shared: Meterd, body: bytes) -> None:
    assert error_of(post(shared, body)) == "Invalid JSON"


DEEP = {
    "arrays": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "an unknown member": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "an attribute": b'{"attributes":{"agent_id":' + b"[" * 100_000,
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_deep_nesting_gets_400(shared: Meterd, body: bytes) -> None:
    assert error_of(post(shared, body))


def test_a_body_of_ten_megabytes_gets_400(shared: Meterd) -> None:
    body = event(attributes={"agent_id": "x" * 10_000_000})

    assert "larger than" in error_of(post(shared, body))
    assert post(shared).status_code == 200


def test_a_surrogate_pair_is_one_character(shared: Meterd, agent: str) -> None:
    body = json.dumps(event(attributes={"agent_id": f"{agent}😀"}), ensure_ascii=True).encode()

    assert b"\\ud83d\\ude00" in body
    assert post(shared, body).status_code == 200
    assert values(shared, f"{agent}😀") == [{"total": 1, "sumValue": 120}]


def test_unknown_members_are_ignored(shared: Meterd) -> None:
    body = {**event({"unit": "ms"}), "trace": {"id": [1, 2, 3]}}

    assert post(shared, body).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "nonsense", ""])
def test_the_content_type_does_not_matter(shared: Meterd, content_type: str) -> None:
    assert post(shared, **{"content-type": content_type}).status_code == 200


BAD_TOKENS = {
    "missing": None,
    "empty": "",
    "no token": "Bearer",
    "unknown": "Bearer mtr_" + "0" * 40,
    "too short": "Bearer mtr_0",
    "another scheme": "Basic {token}",
    "no scheme": "{token}",
    "more than a token": "Bearer {token} x",
    "not ASCII": "Bearer é",
}


@pytest.mark.parametrize("body", [b"nonsense", b""])
@pytest.mark.parametrize("authorization", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_bad_token_gets_401_even_when_the_body_is_garbage(
    shared: Meterd, authorization: str | None, body: bytes
) -> None:
    headers = {} if authorization is None else {b"authorization": authorization.format(token=shared.token).encode()}
    response = shared.anonymous.post("/metric", content=body, headers=headers)

    assert error_of(response, 401) == "Invalid or missing bearer token"
    assert response.headers["www-authenticate"] == 'Bearer realm="meterd"'


def test_a_token_without_the_scope_gets_403_that_names_it(shared: Meterd) -> None:
    token = make_token(shared.data, "auditor", scopes=(Scope.QUERY,)).token or ""

    assert '"ingest"' in error_of(post(shared, b"nonsense", token), 403)


@pytest.mark.parametrize(
    ("path", "allowed", "method"),
    [
        (path, allowed, method)
        for path, allowed in (("/metric", "POST"), ("/health", "GET"))
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
        if method != allowed and (method, allowed) != ("HEAD", "GET")
    ],
)
def test_other_methods_get_405_without_a_token(shared: Meterd, path: str, allowed: str, method: str) -> None:
    response = shared.anonymous.request(method, shared.url + path)

    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    assert method == "HEAD" or error_of(response, 405)


@pytest.mark.parametrize("path", ["/metric/", "/metrics/v2", "/Metric", "/metric/x", "/health/", "/classifications/v2"])
def test_other_addresses_get_404_and_no_redirect(shared: Meterd, path: str) -> None:
    assert error_of(shared.client.post(path, json=EVENT), 404)


def test_health_is_an_empty_200_without_a_token(shared: Meterd) -> None:
    response = shared.anonymous.get("/health")

    assert (response.status_code, response.content) == (200, b"")


def test_health_does_not_look_at_a_token(shared: Meterd) -> None:
    assert shared.anonymous.get("/health", headers={"authorization": "Bearer nonsense"}).status_code == 200


def test_metrics_that_are_off_are_not_permitted_whatever_is_sent(without_metrics: Meterd) -> None:
    for body in (EVENT, b"nonsense"):
        assert error_of(post(without_metrics, body)) == "Metrics not permitted"


def test_a_bad_token_comes_before_metrics_that_are_off(without_metrics: Meterd) -> None:
    assert error_of(post(without_metrics, EVENT, "nonsense"), 401) == "Invalid or missing bearer token"


def test_health_does_not_depend_on_metrics(without_metrics: Meterd) -> None:
    assert without_metrics.client.get("/health").status_code == 200


@pytest.mark.parametrize("tokens", [lambda _: SECRET, lambda meterd: meterd.token], ids=["secret", "token"])
def test_the_shared_secret_and_tokens_of_meterd_are_both_accepted(
    guarded: Meterd, tokens: Callable[[Meterd], str], agent: str
) -> None:
    assert post(guarded, event(attributes={"agent_id": agent}), tokens(guarded)).status_code == 200
    assert values(guarded, agent) == [{"total": 1, "sumValue": 120}]


@pytest.mark.parametrize("token", [SECRET[:-1], f"{SECRET}x", SECRET.upper(), "x", "mtr_" + "0" * 40])
def test_any_other_secret_gets_401(guarded: Meterd, token: str) -> None:
    response = post(guarded, EVENT, token)

    assert error_of(response, 401) == "Invalid or missing bearer token"
    assert response.headers["www-authenticate"] == 'Bearer realm="meterd"'


def test_without_a_header_the_shared_secret_is_missing(guarded: Meterd) -> None:
    assert error_of(guarded.anonymous.post("/metric", json=EVENT), 401)


def test_the_shared_secret_opens_nothing_but_ingest(guarded: Meterd) -> None:
    assert guarded.query(SECRET).status_code == 401


def test_facts_sent_with_the_shared_secret_belong_to_one_virtual_account(guarded: Meterd, agent: str) -> None:
    post(guarded, event(attributes={"agent_id": agent}), SECRET)
    condition = {"fieldName": "agent", "operator": "EQUAL", "value": agent}
    points = guarded.points(datasource="aiGuardMetrics", groupBy=["virtualaccount"], filters=[condition])

    assert points == [{"createdBySubjectSlug": "ai-guard", "total": 1}]


def test_allowed_attributes_are_accepted_and_can_be_grouped_by(guarded: Meterd, agent: str) -> None:
    for region in ("eu", "eu", "us", None):
        attributes = {"agent_id": agent} | ({"region": region} if region else {})
        assert post(guarded, event(attributes=attributes)).status_code == 200
    condition = {"fieldName": "agent", "operator": "EQUAL", "value": agent}
    points = guarded.points(datasource="aiGuardMetrics", groupBy=["region"], filters=[condition])

    assert points == [{"region": "eu", "total": 2}, {"region": "us", "total": 1}, {"region": None, "total": 1}]


def test_attributes_beyond_the_allowed_ones_are_still_refused(guarded: Meterd) -> None:
    assert error_of(post(guarded, event(attributes={"city": "Bern"}))) == "Attribute not allowed: city"


def test_an_allowed_attribute_that_another_meter_requires_is_one_dimension(guarded: Meterd, agent: str) -> None:
    attributes = {"agent_id": agent, "actor": "user"}
    assert post(guarded, event(attributes=attributes)).status_code == 200
    redact = event({"name": "ai_guard.redact"}, attributes | {"action": "block"})
    assert post(guarded, redact).status_code == 200
    condition = {"fieldName": "agent", "operator": "EQUAL", "value": agent}
    points = guarded.points(datasource="aiGuardMetrics", groupBy=["actor"], filters=[condition])

    assert points == [{"actor": "user", "total": 2}]


def test_an_allowed_attribute_that_classifications_have_can_be_grouped_by(guarded: Meterd, agent: str) -> None:
    attributes = {"agent_id": agent, "classifier": "US_SSN"}
    assert post(guarded, event(attributes=attributes)).status_code == 200
    condition = {"fieldName": "agent", "operator": "EQUAL", "value": agent}
    points = guarded.points(datasource="aiGuardMetrics", groupBy=["classifier"], filters=[condition])

    assert points == [{"classifier": "US_SSN", "total": 1}]
