"""`/api/system` over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from meterd.access import Scope
from tests.process import OF_ONE_NODE, Meterd, make_token
from tests.web.browser import signed_in


def setting(answer: dict[str, Any], key: str) -> tuple[object, bool]:
    return next((each["value"], each["isDefault"]) for each in answer["settings"] if each["key"] == key)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    environment = {
        "METERD_QUERY__MAX_WAITING": "7",
        "METERD_OTLP__METADATA_ATTRIBUTES": "['x://user:hidden@place/y']",
    }
    with Meterd(tmp_path_factory.mktemp("small"), environment=environment) as meterd:
        yield meterd


@OF_ONE_NODE
def test_it_tells_figures_limits_and_settings_of_which_secrets_are_masked(small: Meterd) -> None:
    assert 200 == small.ingest([{}, {}, {}]).status_code
    response = small.client.get("/api/system")
    answer = response.json()

    taken = answer["metrics"]["meterd_ingest_facts"]["figures"]
    assert 3 == next(each["value"] for each in taken if each["labels"] == {"dataset": "guardrail_evaluations"})
    (commits,) = answer["metrics"]["meterd_journal_commit_seconds"]["figures"]
    assert {"0.5", "0.9", "0.99"} == commits["quantiles"].keys()
    assert ("", True) == (answer["problem"], answer["uptimeSeconds"] > 0)
    limits = {each["setting"]: each for each in answer["limits"]}
    assert (7, 0, 0) == tuple(limits["query.max-waiting"][name] for name in ("limit", "used", "share"))
    assert all(0 <= each["share"] <= 1 for each in limits.values())
    assert (7, False) == setting(answer, "query.max-waiting")
    assert (30.0, True) == setting(answer, "query.timeout")
    assert (["x://***@place/y"], False) == setting(answer, "otlp.metadata-attributes")
    assert "hidden" not in response.text


def test_it_is_for_administrators_who_may_ask(shared: Meterd) -> None:
    user = make_token(shared.data, "alice").token
    mute = make_token(shared.data, "mute", tenant_admin=True, scopes=(Scope.INGEST,)).token
    with signed_in(shared) as administrator:
        allowed = administrator.get("/api/system").status_code
    asked = [
        shared.anonymous.get("/api/system", headers={"Authorization": f"Bearer {token}"}) for token in (user, mute, "x")
    ]

    assert (200, [403, 403, 401]) == (allowed, [each.status_code for each in asked])
    assert {"code": 403, "message": "this is for administrators of the tenant"} == asked[0].json()
