"""Facts from the GenAI semantic conventions, old and new names (`docs/specifications/ingest-sources.md` section 2.3).

The conventions are in development and change; what is stored is our own schema. Attributes that hold prompts, answers
or arguments of tools are never read.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from meterd.api.otlp import attributes as names
from meterd.api.otlp import langfuse
from meterd.api.otlp.recognition import Kind, Recognised
from meterd.api.otlp.spans import Span
from meterd.datasets import GATEWAY_REQUESTS, GUARDRAIL_EVALUATIONS, MAX_TEXT_LENGTH, MCP_CALLS, MODEL_CALLS, Dataset
from meterd.ingest.reports import cut
from meterd.ingest.spellings import whole_number
from meterd.litellm.vocabulary import TOOL_ERROR

if TYPE_CHECKING:
    from meterd.datasets.rows import (
        GatewayRequestColumns,
        GuardrailEvaluationColumns,
        McpCallColumns,
        ModelCallColumns,
    )

_DECISIONS = {
    "allow": "pass",
    "deny": "fail",
    "block": "fail",
    "modify": "mutate",
    "warn": "flag",
    "audit": "flag",
    "escalate": "flag",
}
_RESULTS = {"GUARDRAIL_INTERVENED": "fail", "NONE": "pass"}

Columns = Mapping[str, object]
"""Columns of a dataset that is returned with them."""


def facts_of(span: Span, recognised: Recognised) -> tuple[Dataset, Columns] | None:
    """Return the dataset and own columns of what the span stands for; None when it is no fact."""
    match recognised.kind:
        case Kind.MODEL:
            return MODEL_CALLS, model_call(span, recognised)
        case Kind.GUARDRAIL:
            return GUARDRAIL_EVALUATIONS, _evaluation(span)
        case Kind.AGENT | Kind.A2A:
            return GATEWAY_REQUESTS, _agent_request(span)
        case Kind.MCP:
            return MCP_CALLS, mcp_call(span)
    return None


def model_call(span: Span, recognised: Recognised) -> "ModelCallColumns":
    """Return the columns of a model call. Cached and reasoning tokens are parts of the counts."""
    if langfuse.TYPE in span.attributes:
        span = langfuse.translated(span)
    there = span.there
    columns: dict[str, object] = {
        "request_type": recognised.request_type,
        "streaming": recognised.streams or (bool(there.streams) and any(map(span.flag, there.streams))),
        "latency_ms": span.latency,
        "is_failure": _failed(span),
    }
    attributes = span.attributes
    for column, found in there.texts:
        value = attributes[found[0]]  # nearly always the right one as it is
        is_text = type(value) is str and 0 < len(value) <= MAX_TEXT_LENGTH
        columns[column] = value if is_text else span.text(*found)
    for column, found in there.counts:
        value = attributes[found[0]]
        columns[column] = value if type(value) is int and 0 <= value < 2**63 else span.count(*found)
    if there.cost:
        columns["cost_in_usd"] = _cost(span, there)
    if there.first_token:
        columns["time_to_first_token_ms"] = _time_to_first_token(span)
    if there.status:
        columns["http_status_code"] = span.status
    return cast("ModelCallColumns", columns)


def _time_to_first_token(span: Span) -> float | None:
    in_seconds, in_milliseconds = names.FIRST_TOKEN
    seconds = span.number(in_seconds)
    return span.number(in_milliseconds) if seconds is None else seconds * 1000


def _cost(span: Span, there: names.Present) -> float | None:
    """Return US dollars; what is given in another currency can't be added to them."""
    is_dollars = (span.text(names.COST_CURRENCY) or "USD").upper() == "USD"
    return span.number(*there.cost) if is_dollars else None


def mcp_call(span: Span) -> "McpCallColumns":
    """Return the columns of an MCP request, seen by its client."""
    is_tool_error = span.text("error.type") in ("tool_error", TOOL_ERROR)
    return {
        "method": span.text("mcp.method.name") or "",
        "tool_name": span.text("gen_ai.tool.name"),
        "mcp_server_name": _server(span),
        "latency_ms": span.latency,
        "http_status_code": None if is_tool_error else span.status,
        "error_code": _code(span),
        "is_tool_call_execution_error": is_tool_error,
        "conversation_id": span.text("gen_ai.conversation.id", "session.id", "mcp.session.id"),
    }


def _server(span: Span) -> str | None:
    address, port = span.text("server.address"), span.text("server.port")
    return cut(f"{address}:{port}") if address and port else address


def _code(span: Span) -> int | None:
    code = whole_number(span.attributes.get("rpc.response.status_code"))
    return code if code is not None and abs(code) < 10**11 else None


def _agent_request(span: Span) -> "GatewayRequestColumns":
    return {
        "request_type": "a2a" if "a2a.method.name" in span.attributes else "agent",
        "agent_name": span.text("gen_ai.agent.name"),
        "agent_framework": span.text("gen_ai.agent.framework"),
        "agent_server_type": "a2a" if "a2a.method.name" in span.attributes else _provider(span),
        "latency_ms": span.latency,
        "http_status_code": span.status,
        "is_failure": _failed(span),
    }


def _provider(span: Span) -> str | None:
    return span.text(*names.PROVIDER)


def _failed(span: Span) -> bool:
    return span.has_error or "error.type" in span.attributes


def _evaluation(span: Span) -> "GuardrailEvaluationColumns":
    native = span.text("gen_ai.security.decision.type", "gen_ai.guardrail.action.type", "gen_ai.guardrail.verdict.type")
    result = _DECISIONS.get(native, native) if native else None
    if native is None and (native := span.text("gen_ai.guardrail.result.value")):
        result = _provider_result(span, native)
    if native is None and _failed(span):
        result = "error"
    target = span.text("gen_ai.security.target.type", "gen_ai.guardrail.target.type") or ""
    return {
        "guardrail_name": span.text(
            "gen_ai.guardian.name", "gen_ai.guardrail.component.name", "gen_ai.guardrail.source"
        ),
        "guardrail_id": span.text("gen_ai.guardian.id", "gen_ai.guardrail.component.id"),
        "provider_integration_type": _provider(span),
        "guardrail_result": result,
        "guardrail_native_result": native,
        "is_failure": result == "error",
        "latency_ms": span.latency,
        "applied_on_entity_scope": "output" if target.endswith(("output", "result")) else "input",
        "applied_on_entity_type": "model" if target.startswith("llm") else None,
        "applied_on_entity_name": span.text("gen_ai.request.model"),
    }


def _provider_result(span: Span, value: str) -> str:
    """Translate known words of providers; every other word is kept."""
    if "tripwire" in (span.text("gen_ai.guardrail.result.type") or "").lower():
        return {"true": "fail", "false": "pass"}.get(value.lower(), value)
    return _RESULTS.get(value, value)
