"""Published libraries, unmodified, that trace themselves or are traced: what they did is what arrives, either way."""

import os
import subprocess
import uuid
from pathlib import Path

import pytest

from meterd.access import Scope
from tests.docs.markdown import ROOT, blocks
from tests.e2e.libraries.cases import CASES, HERE, Case
from tests.e2e.libraries.model_server import INPUT, OUTPUT, model_server
from tests.e2e.libraries.running import SECONDS, arrived_as_done, run
from tests.e2e.libraries.table import table
from tests.process import Meterd, make_token


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_what_a_library_did_arrives_over_http_and_over_grpc(shared: Meterd, case: Case) -> None:
    assert case.home.exists(), f"run `make .venv/{case.environment}/.ready` first"

    ran = run(case, shared)

    assert ran.model_calls == case.calls + case.embeddings
    assert ran.over_grpc == ran.over_http
    assert arrived_as_done(case, ran), ran.over_http


def test_the_table_of_what_was_tried_is_that_of_the_cases() -> None:
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")

    assert "\n".join(["", *table(), ""]) in page


def test_the_lines_of_the_readme_trace_a_program_with_opentelemetrys_own_command(
    shared: Meterd, tmp_path: Path
) -> None:
    """In the way that the distribution has chosen, which is gRPC."""
    section = [each for each in blocks(ROOT / "README.md") if each.section == "Connect a gateway"]
    lines = "".join(each.text for each in section if each.language == "bash")
    assert "opentelemetry-instrument" in lines
    tenant = uuid.uuid4().hex
    token = make_token(shared.data, "app", tenant=tenant, scopes=(Scope.INGEST,)).token or ""
    (tmp_path / "app.py").write_text((HERE / "programs" / "openai_sdk.py").read_text())
    libraries = ROOT / ".venv" / "libraries" / "bin"
    with model_server() as server:
        environment = {
            "PATH": os.pathsep.join([str(libraries), os.environ["PATH"]]),
            "HOME": str(tmp_path),
            "METERD_TOKEN": token,
            "MODEL_URL": server.url,
            "OTEL_BSP_SCHEDULE_DELAY": "3600000",  # one export, at the end
        }
        script = f"set -eu\n{lines.replace('http://127.0.0.1:4317', shared.grpc)}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr

    reader = make_token(shared.data, "reader", tenant=tenant, tenant_admin=True).token or ""
    sums = [{"type": "sum", "column": column} for column in ("inputTokens", "outputTokens")]
    assert shared.points(reader, datasource="modelMetrics", groupBy=["modelName"], aggregations=sums) == [
        {"total": 4, "modelName": "small-1", "sumInputTokens": 4 * INPUT, "sumOutputTokens": 4 * OUTPUT},
        {"total": 1, "modelName": "embed-1", "sumInputTokens": INPUT, "sumOutputTokens": None},
    ]
