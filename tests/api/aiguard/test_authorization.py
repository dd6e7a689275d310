"""AI Guard's mode `onetrust` over HTTP (`docs/specifications/ai-guard.md` section 7): another service says which
tokens are good.
"""

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.access.endpoint import HANG, HANG_UP, Endpoint
from tests.process import OF_ONE_NODE, Meterd, run_command


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@contextlib.contextmanager
def asking(endpoint: Endpoint, folder: Path, seconds: float) -> Iterator[Meterd]:
    """A server that asks the endpoint, for so long."""
    (folder / "config.yaml").write_text(f"""
service:
  authorization:
    type: onetrust
    validation-endpoint: {endpoint.url}
    max-retry-duration: {seconds}
    cache-refused-ttl: 0.001
metrics: {{}}
""")
    with Meterd(folder / "data", config=folder / "config.yaml") as meterd:
        yield meterd


@pytest.fixture(scope="module")
def guarded(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server that waits as long as a busy endpoint may need."""
    with asking(endpoint, tmp_path_factory.mktemp("guarded"), 60.0) as meterd:
        yield meterd


@pytest.fixture(scope="module")
def impatient(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server that soon gives up, for answers after which it asks again."""
    with asking(endpoint, tmp_path_factory.mktemp("impatient"), 2.0) as meterd:
        yield meterd


@pytest.fixture
def token() -> str:
    """A token that no other test uses."""
    return f"ot-{uuid.uuid4().hex}"


def post(meterd: Meterd, token: str) -> httpx2.Response:
    event = {
        "attributes": {"agent_id": token[-32:], "platform": "GCP_VERTEX"},
        "meter": {"name": "ai_guard.agent", "value": "120"},
    }
    return meterd.anonymous.post("/metric", json=event, headers={"Authorization": f"Bearer {token}"})


def assert_unauthorized(response: httpx2.Response) -> None:
    assert 401 == response.status_code
    assert {"code": 401, "message": "Invalid or missing bearer token"} == response.json()
    assert 'Bearer realm="meterd"' == response.headers["www-authenticate"]


@OF_ONE_NODE
def test_a_token_that_the_endpoint_knows_is_accepted_and_then_remembered(
    guarded: Meterd, endpoint: Endpoint, token: str
) -> None:
    endpoint.tokens[token] = 200
    assert [200] * 3 == [post(guarded, token).status_code for _ in range(3)]
    assert 1 == endpoint.asked.count(token)


def test_what_is_sent_with_it_belongs_to_one_virtual_account(guarded: Meterd, endpoint: Endpoint, token: str) -> None:
    endpoint.tokens[token] = 200
    post(guarded, token)
    mine = [{"fieldName": "agent", "operator": "EQUAL", "value": token[-32:]}]
    points = guarded.points(datasource="aiGuardMetrics", groupBy=["virtualaccount"], filters=mine)
    assert [{"createdBySubjectSlug": "ai-guard", "total": 1}] == points


@pytest.mark.parametrize("status", [204, 302, 401, 403, 404, 500, HANG, HANG_UP])
def test_a_token_that_the_endpoint_does_not_confirm_gets_401(
    impatient: Meterd, endpoint: Endpoint, token: str, status: int
) -> None:
    endpoint.tokens[token] = status
    assert_unauthorized(post(impatient, token))


def test_a_refused_token_is_accepted_once_the_endpoint_knows_it(
    guarded: Meterd, endpoint: Endpoint, token: str
) -> None:
    assert_unauthorized(post(guarded, token))
    endpoint.tokens[token] = 200
    assert 200 == post(guarded, token).status_code


def test_tokens_of_meterd_work_and_are_not_shown_to_the_endpoint(guarded: Meterd, endpoint: Endpoint) -> None:
    assert 200 == post(guarded, guarded.token).status_code
    assert_unauthorized(post(guarded, "mtr_" + "0" * 40))
    assert [] == [each for each in endpoint.asked if each.startswith("mtr_")]


def test_a_confirmed_token_opens_nothing_but_ai_guard(guarded: Meterd, endpoint: Endpoint, token: str) -> None:
    endpoint.tokens[token] = 200
    assert 200 == post(guarded, token).status_code
    assert 401 == guarded.query(token).status_code


def test_an_endpoint_must_be_named(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("service: {listen: '127.0.0.1:0', authorization: {type: onetrust}}")
    ended = run_command("serve", "--config", config, "--data", tmp_path / "data")
    assert 1 == ended.returncode
    assert "service.authorization.type onetrust needs validation-endpoint" in ended.stderr
