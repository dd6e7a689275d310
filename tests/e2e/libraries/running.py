"""Runs the program of a library, and asks what arrived."""

import os
import subprocess
import uuid
from typing import Any, NamedTuple

from meterd.access import Scope
from tests.e2e.libraries.cases import Case
from tests.e2e.libraries.model_server import model_server
from tests.process import Meterd, make_token

SECONDS = 240
"""Longest time for a program, most of which it takes to import its library on a busy machine."""
GRPC = {"METERD_OTLP__GRPC__LISTEN": "127.0.0.1:0"}
_SWITCHES = {
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
    "SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS": "true",
    "TRACELOOP_TRACE_CONTENT": "false",
    "TRACELOOP_TELEMETRY": "false",
}


class Arrived(NamedTuple):
    """What meterd has of a program: calls of models and their tokens, runs of agents, calls of MCP tools."""

    calls: int
    tokens: tuple[int, int, int]
    agents: dict[str | None, int]
    tools: dict[str | None, int]


class Run(NamedTuple):
    """A program that ended: what the model server saw of it, and what arrived in either way."""

    model_calls: int
    over_http: Arrived
    over_grpc: Arrived


def arrived_as_done(case: Case, ran: Run) -> bool:
    """Whether what arrived is what the program does. MCP's clients also make calls that concern no tool."""
    return all(
        arrived.calls == case.calls + case.embeddings
        and arrived.tokens == case.tokens
        and arrived.agents == ({"planner": case.agents} if case.agents else {})
        and arrived.tools.get("weather", 0) == case.tools
        for arrived in (ran.over_http, ran.over_grpc)
    )


def run(case: Case, meterd: Meterd) -> Run:
    """Run a program against a model server, with a tenant for each way."""
    tenants = {protocol: uuid.uuid4().hex for protocol in ("HTTP", "GRPC")}
    with model_server() as server:
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
        environment |= _SWITCHES | {
            "HOME": str(meterd.data),
            "MODEL_URL": server.url,
            "GOOGLE_GEMINI_BASE_URL": server.url,
            "GOOGLE_API_KEY": "none",
            "HTTP_ENDPOINT": meterd.url,
            "GRPC_ENDPOINT": meterd.grpc,
        }
        for protocol, tenant in tenants.items():
            token = make_token(meterd.data, "app", tenant=tenant, scopes=(Scope.INGEST,)).token
            environment[f"{protocol}_TOKEN"] = token or ""
        done = subprocess.run(
            case.command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return Run(server.calls, *(_arrived(meterd, tenant) for tenant in tenants.values()))


def _arrived(meterd: Meterd, tenant: str) -> Arrived:
    reader = make_token(meterd.data, "reader", tenant=tenant, tenant_admin=True).token or ""
    columns = ("inputTokens", "cacheReadInputTokens", "outputTokens")
    sums: list[dict[str, Any]] = [{"type": "sum", "column": column} for column in columns]
    (models,) = meterd.points(reader, datasource="modelMetrics", aggregations=sums)
    tokens = tuple(models[f"sum{column[0].upper()}{column[1:]}"] or 0 for column in columns)
    agents = meterd.points(reader, datasource="agentMetrics", groupBy=["agentName"])
    tools = meterd.points(reader, datasource="mcpMetrics", groupBy=["toolName"])
    return Arrived(
        models["total"],
        (tokens[0], tokens[1], tokens[2]),
        {each["agentName"]: each["total"] for each in agents},
        {each["toolName"]: each["total"] for each in tools},
    )
