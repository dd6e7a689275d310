"""Facts from LiteLLM's own spans, in its two dialects (`docs/specifications/ingest-sources.md` section 2.2).

V2 puts the requested model and the caller on every span of a request, so neither tells a model call.
"""

from typing import TYPE_CHECKING

import msgspec

from meterd.api.otlp.genai import Columns, mcp_call, model_call
from meterd.api.otlp.recognition import MODEL_OPERATIONS, recognise
from meterd.api.otlp.spans import CLIENT, SERVER, Span
from meterd.datasets import GATEWAY_REQUESTS, GUARDRAIL_EVALUATIONS, MCP_CALLS, MODEL_CALLS, Dataset
from meterd.litellm.vocabulary import (
    NOT_METADATA,
    error_status,
    guardrail_result,
    guardrail_scope,
    is_model_call,
    request_type,
    without_provider,
)

if TYPE_CHECKING:
    from meterd.datasets.rows import (
        GatewayRequestColumns,
        GuardrailEvaluationColumns,
        McpCallColumns,
        ModelCallColumns,
    )

SCOPE = "litellm"
DUPLICATE_SCOPES = frozenset({"mcp-python-sdk", "a2a-python-sdk", "fastapi"})
"""Scopes that LiteLLM exports beside its own: the same calls once more."""
_FASTAPI = "opentelemetry.instrumentation.fastapi"
_METADATA = "litellm.metadata."
_NOT_THE_CALLERS = ("user_api_key_", "requester_ip_address", "requester_custom_headers", "user_agent")


class Trace(msgspec.Struct):
    """A trace as the other spans of it in the same export describe it. `answered` is in nanoseconds."""

    answered: int | None = None
    is_blocked: bool = False


def note_span(span: Span, trace: Trace) -> None:
    """Take note of what other spans of the trace need."""
    if _is_model_call(span):
        trace.answered = min(trace.answered or span.end, span.end)
    if _result(span) == "fail":
        trace.is_blocked = True


def facts_of(span: Span, trace: Trace) -> tuple[Dataset, Columns] | None:
    """Return the dataset and own columns of what the span stands for; None when it is no fact."""
    if span.scope == _FASTAPI:
        return (GATEWAY_REQUESTS, _request(span, trace)) if _is_request(span) else None
    if _is_model_call(span):
        if "litellm.api_key.hash" in span.attributes and "litellm.request.route" not in span.attributes:
            return None  # the proxy's own health check
        return (MODEL_CALLS, _model_call(span)) if is_model_call(span.text("litellm.call_type")) else None
    if span.name == "litellm_request" and is_model_call(span.text("llm.request.type")):
        return MODEL_CALLS, _model_call_v1(span)
    if _guardrail_name(span) and _guardrail_status(span) != "not_run":
        return GUARDRAIL_EVALUATIONS, _evaluation(span, trace)
    if span.text("mcp.method.name") and span.kind == CLIENT:
        return MCP_CALLS, {**mcp_call(span), **_mcp_server(span)}
    return None


def subject_of(span: Span) -> tuple[str | None, str | None, str | None, list[str | None]]:
    """Return user, account, id and teams of the caller as the gateway knows them."""
    user_id = span.text("litellm.metadata.user_api_key_user_id", "metadata.user_api_key_user_id")
    return (
        span.text("metadata.user_api_key_user_email") or user_id,
        span.text("litellm.metadata.user_api_key_alias", "metadata.user_api_key_alias"),
        user_id or span.text("litellm.api_key.hash", "metadata.user_api_key_hash"),
        [
            span.text(
                "litellm.team.alias",
                "litellm.team.id",
                "metadata.user_api_key_team_alias",
                "metadata.user_api_key_team_id",
            )
        ],
    )


def metadata_of(span: Span) -> dict[str, object]:
    """Return the caller's own metadata, as far as the proxy exports it."""
    found = {
        name.removeprefix(_METADATA).removeprefix("requester_metadata."): value
        for name, value in span.attributes.items()
        if name.startswith(_METADATA)
    }
    return {
        name: value
        for name, value in found.items()
        if name not in NOT_METADATA and not name.startswith(_NOT_THE_CALLERS)
    }


def _is_model_call(span: Span) -> bool:
    return "litellm.call_id" in span.attributes and span.operation in MODEL_OPERATIONS


def _is_request(span: Span) -> bool:
    path = _path(span) or ""
    return span.kind == SERVER and "litellm.api_key.hash" in span.attributes and not path.startswith("/health")


def _path(span: Span) -> str | None:
    """Return the route; of requests that have none, the path without its query."""
    path = span.text("http.route", "url.path", "http.target")
    return path.partition("?")[0] if path else None


def _model_call(span: Span) -> "ModelCallColumns":
    """Make the columns of a model call. An error that is no provider's came after the model had answered."""
    is_spent = span.has_error and "litellm.provider.error.llm_provider" not in span.attributes
    failed = span.has_error and not is_spent
    error_class, code = span.text("error.type"), span.text("litellm.provider.error.code")
    cost = span.number("litellm.cost.original", "litellm.cost.total") if is_spent else span.number("litellm.cost.total")
    status = error_status(code, None, error_class) if failed else 200
    columns: ModelCallColumns = {
        **model_call(span, recognise(span)),
        "provider_model_name": without_provider(span.text("litellm.provider.model"), span.text("gen_ai.provider.name")),
        "request_type": request_type(span.text("litellm.call_type")),
        "streaming": span.flag("litellm.request.streaming"),
        "cost_in_usd": cost,
        "http_status_code": status,
        "is_failure": failed,
        "error_type": error_class if failed else None,
        "error_code": code if failed else None,
    }
    if span.has_error:  # the counts are 0 then, not known
        columns |= {"input_tokens": None, "output_tokens": None}
    return columns


def _model_call_v1(span: Span) -> "ModelCallColumns":
    code, error_class = span.text("error.code"), span.text("error.type")
    provider = span.text("gen_ai.provider.name", "gen_ai.system")
    return {
        **model_call(span, recognise(span)),
        "model_name": span.text("litellm.model_group", "gen_ai.request.model"),
        "provider_model_name": without_provider(span.text("litellm.provider.model"), provider),
        "request_type": request_type(span.text("llm.request.type")),
        "cost_in_usd": span.number("gen_ai.cost.total_cost"),
        "streaming": None,  # the attribute says False for streams, too
        "http_status_code": error_status(code, None, error_class) if span.has_error else 200,
        "is_failure": span.has_error,
        "error_code": code,
    }


def _mcp_server(span: Span) -> "McpCallColumns":
    name = span.text("litellm.mcp.server.name")
    return {"mcp_server_name": name} if name else {}


def _guardrail_name(span: Span) -> str | None:
    return span.text("litellm.guardrail.name", "guardrail_name")


def _guardrail_status(span: Span) -> str | None:
    return span.text("litellm.guardrail.status", "guardrail_status")


def _result(span: Span) -> str | None:
    """Block and error both have the span status of an error: the guardrail's own word tells them apart."""
    status = _guardrail_status(span)
    if status is None:
        return None
    response = span.attributes.get("litellm.guardrail.response", span.attributes.get("guardrail_response"))
    if isinstance(response, str) and response.startswith(("[", "{", '"')):
        encoded = response.encode("utf-8", "replace")
    else:
        encoded = msgspec.json.encode(response)
    masked = span.number("litellm.guardrail.masked_entity_count") or 0
    return guardrail_result(status, encoded, masked > 0)


def _evaluation(span: Span, trace: Trace) -> "GuardrailEvaluationColumns":
    result = _result(span)
    seconds = span.number("litellm.guardrail.duration")
    is_late = trace.answered is not None and span.start >= trace.answered
    return {
        "guardrail_name": _guardrail_name(span),
        "guardrail_id": span.text("litellm.guardrail.id"),
        "provider_integration_type": span.text("litellm.guardrail.provider"),
        "guardrail_result": result,
        "guardrail_native_result": _guardrail_status(span),
        "is_failure": result == "error",
        "latency_ms": span.latency if seconds is None else max(seconds * 1000, 0.0),
        "applied_on_entity_scope": guardrail_scope(_modes(span), is_late),
        "applied_on_entity_type": "model",
        "applied_on_entity_name": span.text("gen_ai.request.model", "litellm.model_group"),
    }


def _modes(span: Span) -> list[str]:
    """Return the modes of a guardrail. Several are an array, or one text with commas."""
    mode = span.attributes.get("litellm.guardrail.mode", span.attributes.get("guardrail_mode"))
    if isinstance(mode, str):
        return mode.split(",")
    return mode if isinstance(mode, list) else []


def _request(span: Span, trace: Trace) -> "GatewayRequestColumns":
    status = span.status
    failed = status is not None and status >= 400
    is_blocked = trace.is_blocked and "litellm.provider.error.llm_provider" not in span.attributes
    return {
        "request_method": span.text("http.request.method", "http.method"),
        "request_path": _path(span),
        "latency_ms": span.latency,
        "http_status_code": status,
        "is_failure": failed and not is_blocked,
    }
