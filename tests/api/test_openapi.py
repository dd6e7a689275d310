"""The API's description is valid, is what the server does, and a client made from it works."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import settings
from litestar import Litestar
from litestar.routes import HTTPRoute
from openapi_spec_validator import validate

from meterd.addresses import protocol_of
from meterd.core import Core
from meterd.framework import framework
from meterd.protocols import build_protocols
from meterd.settings import load
from meterd.telemetry import Telemetry
from meterd.web.pages import PAGES
from tests.process import Meterd

ROOT = Path(__file__).parents[2]
CLOSED = {"METERD_SESSIONS__ANONYMOUS": "never", "METERD_ACCESS__METRICS_WITHOUT_TOKEN": "never"}
EXACT = ("LiteLLM", "OpenTelemetry", "Operations")
"""What fits the schemas of these is taken. Those of the others say less than their rules: bodies hold queries, filters,
ranges and ids of what exists, and a whole number may be written 12.0 in JSON Schema."""

UNDESCRIBED = {"/", "/assets/{}/{}", "/docs", "/docs/assets/{}", "/openapi.json", "/sign-in", "/sign-out"}
"""What serves pages, and is asked by browsers alone."""

OF_NO_PROTOCOL = {
    *("/api/classify", "/api/dashboards", "/api/dashboards/{id}", "/api/datasources", "/api/me", "/api/system"),
    *("/export/prometheus", "/health", "/healthz", "/metrics", "/readyz"),
}
"""Addresses of pages and of the service itself: their errors are plain, and calls are recorded only if all are."""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server that asks everyone for a token."""
    with Meterd(tmp_path_factory.mktemp("described"), environment=CLOSED) as meterd:
        yield meterd


@pytest.fixture(scope="module")
def document(closed: Meterd) -> dict[str, Any]:
    content: dict[str, Any] = closed.anonymous.get("/openapi.json").json()
    return content


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, made) for path, item in document["paths"].items() for method, made in item.items()]


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_every_operation_has_an_id_of_its_own_and_a_summary(document: dict[str, Any]) -> None:
    ids = [made["operationId"] for _, _, made in operations(document)]

    assert len(ids) == len(set(ids))
    assert all(made["summary"] and made["tags"] for _, _, made in operations(document))


def shape(path: str) -> str:
    """An address whatever its parameters are called."""
    return re.sub(r"{[^}]*}", "{}", path)


def test_every_address_is_described_but_those_of_pages(document: dict[str, Any], tmp_path: Path) -> None:
    with ExitStack() as stack:
        protocols = build_protocols(Core.open(stack, load(None, {}), Telemetry(), tmp_path, ()))
        app = framework(protocols.routes, protocols.running)
        assert isinstance(app, Litestar)
        routes = [route for route in app.routes if isinstance(route, HTTPRoute)]
    served = {(method, shape(route.path_format)) for route in routes for method in route.methods}

    described = {(method.upper(), shape(path)) for method, path, _ in operations(document)}
    pages = {shape(page.path) for page in PAGES} | UNDESCRIBED
    assert pages <= {path for _, path in served}
    undescribed = {(method, path) for method, path in served - described if method not in ("HEAD", "OPTIONS")}
    assert {(method, path) for method, path in undescribed if path not in pages} == set()


def test_every_address_is_of_a_protocol_but_those_of_pages_and_of_the_service_itself(document: dict[str, Any]) -> None:
    assert {path for path in document["paths"] if not protocol_of(path).name} == OF_NO_PROTOCOL


def test_whatever_is_not_described_as_open_needs_a_token(closed: Meterd, document: dict[str, Any]) -> None:
    answers = {}
    for method, path, made in operations(document):
        if made.get("security") != []:
            schemas = {each["name"]: each["schema"] for each in made.get("parameters", [])}
            values = {name: schema.get("enum", ["any"])[0] for name, schema in schemas.items()}
            bodies = made.get("requestBody", {}).get("content", {}).values()
            body = json.dumps(next((each["example"] for each in bodies if "example" in each), {}))
            headers = {"Content-Type": "application/json"}
            answers[method, path] = closed.anonymous.request(
                method, path.format_map(values), content=body if bodies else None, headers=headers
            )
    assert len(answers) > 50
    assert {place: answer.text for place, answer in answers.items() if answer.status_code != 401} == {}


def test_examples_fit_their_schemas_and_are_taken(closed: Meterd, document: dict[str, Any]) -> None:
    """What "Try it out" sends when nothing is changed."""
    tried = 0
    for method, path, made in operations(document):
        for content_type, media in made.get("requestBody", {}).get("content", {}).items():
            if "example" not in media or "{" in path:
                continue
            schema = media["schema"] | {"components": document["components"]}
            jsonschema.validate(media["example"], schema, jsonschema.Draft202012Validator)
            sent = {each["name"]: each["example"] for each in made.get("parameters", []) if "example" in each}
            response = closed.client.request(
                method, path, params=sent, content=json.dumps(media["example"]), headers={"Content-Type": content_type}
            )
            assert response.status_code == 200, f"{path}: {response.text}"
            tried += 1
    assert tried >= 9


def run_schemathesis(closed: Meterd, *options: str) -> None:
    """Every check, or all but those left out, with requests that fit the schemas, almost do, and don't."""
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            f"{closed.url}/openapi.json",
            "-H",
            f"Authorization: Bearer {closed.token}",
            "--checks",
            "all",
            "--max-examples",
            "5",
            "--phases",
            "examples,coverage,fuzzing",
            "--generation-database",
            "none",
            "--request-timeout",
            "120",
            "--no-color",
            *([] if settings.get_current_profile_name() == "random" else ["--seed", "1"]),
            *options,
        ],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr


def test_no_request_gets_a_server_error_or_an_answer_that_is_not_described(closed: Meterd) -> None:
    without = [option for tag in EXACT for option in ("--exclude-tag", tag)]
    run_schemathesis(closed, "--exclude-checks", "positive_data_acceptance", *without)


def test_where_schemas_say_all_what_fits_them_is_taken(closed: Meterd) -> None:
    run_schemathesis(closed, *(option for tag in EXACT for option in ("--include-tag", tag)))


def test_a_generated_client_ingests_and_queries(
    closed: Meterd, document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    description = tmp_path / "openapi.json"
    description.write_text(json.dumps(document))
    generator = ROOT / ".venv" / "openapi" / "bin" / "openapi-python-client"
    subprocess.run(
        [generator, "generate", "--path", description, "--output-path", tmp_path / "made", "--meta", "none"],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    monkeypatch.syspath_prepend(tmp_path)

    from made.api.gateway_metrics import ingest_metrics, query_metrics  # type: ignore[import-not-found]
    from made.client import AuthenticatedClient  # type: ignore[import-not-found]
    from made.models import IngestMetricsDatasource, ModelMetricsRow, QueryBody  # type: ignore[import-not-found]

    row = ModelMetricsRow.from_dict({"createdAt": "2026-01-31T10:00:00Z", "modelName": "made", "costInUSD": 0.004})
    question = QueryBody("2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z", "modelMetrics", "distribution")
    question.group_by = ["modelName"]
    with AuthenticatedClient(base_url=closed.url, token=closed.token) as client:
        accepted = ingest_metrics.sync(client=client, body=[row], datasource=IngestMetricsDatasource.MODELMETRICS)
        answer = query_metrics.sync(client=client, body=question)

    assert accepted.accepted == 1
    assert [point.to_dict() for point in answer.data.data_points] == [{"total": 1, "modelName": "made"}]
