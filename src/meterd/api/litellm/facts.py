"""Facts from LiteLLM's payloads (`docs/specifications/ingest-sources.md` section 1.6)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from meterd.api.litellm.payload import GuardrailEntry, JSONObject, Payload
from meterd.datasets import GATEWAY_REQUESTS, GUARDRAIL_EVALUATIONS, MCP_CALLS, MODEL_CALLS
from meterd.ingest.reports import Report, cut, fact_id, labels, milliseconds
from meterd.litellm.vocabulary import (
    AGENT_CALL_TYPES,
    MCP_CALL_TYPES,
    NOT_METADATA,
    TOOL_ERROR,
    error_status,
    guardrail_result,
    guardrail_scope,
    is_model_call,
    request_type,
    without_provider,
)

if TYPE_CHECKING:
    from meterd.datasets.rows import (
        GatewayRequest,
        GuardrailEvaluation,
        McpCall,
        ModelCall,
        ModelCallColumns,
    )
    from meterd.ingest.reports import ReportedColumns

HEALTH_CHECK = "litellm-internal-health-check"
_NO_REFUSAL = frozenset({b'"allow"', b'"mask"'})
_CACHED_REQUESTS = frozenset({"chat", "embedding"})


class Translator:
    """Adds the rows of payloads to a report.

    `finish` adds the requests: one that failed and was rescued within the same body is one request that succeeded.
    """

    def __init__(self, report: Report, assume_cache_misses: bool) -> None:
        self._report = report
        self._assume_cache_misses = assume_cache_misses
        self._requests: dict[tuple[object, ...], tuple[bool, GatewayRequest]] = {}

    def add(self, payload: Payload) -> None:
        """Add the rows of one payload, all or none. Raises `ValueError` for a time that can't be stored."""
        if HEALTH_CHECK in (payload.request_tags or ()):
            return
        common = self._common(payload)
        guardrails = payload.guardrails
        may_refuse_in_words = _may_refuse_in_words(payload, guardrails)
        evaluations = [
            self._evaluation(payload, number, entry, common, may_refuse_in_words)
            for number, entry in enumerate(guardrails)
            if entry.guardrail_status != "not_run"
        ]
        if evaluations:
            self._report.add(GUARDRAIL_EVALUATIONS, evaluations)
        if payload.call_type in MCP_CALL_TYPES:
            self._report.add(MCP_CALLS, [_mcp_call(payload, common)])
        elif is_model_call(payload.call_type) and _reached_model(payload):
            self._report.add(MODEL_CALLS, [self._model_call(payload, common)])
        if payload.is_part:
            return
        known = self._requests.get(payload.identity)
        if known is None or (known[0] and not payload.failed):
            is_blocked = not payload.error.llm_provider and any(row.guardrail_result == "fail" for row in evaluations)
            self._requests[payload.identity] = (payload.failed, _request(payload, common, is_blocked))

    def finish(self) -> None:
        """Add the requests to the report. A tool call is none when the call has a payload of another kind."""
        for identity, (_, row) in self._requests.items():
            if len(identity) == 1 or identity[:1] not in self._requests:
                self._report.add(GATEWAY_REQUESTS, [row])

    def _common(self, payload: Payload) -> "ReportedColumns":
        caller = payload.caller
        return {
            "ts": self._report.time(payload.startTime),
            "trace_id": payload.trace_id or payload.litellm_call_id or fact_id("trace", payload.call),
            "metadata": labels(_metadata(payload)),
            "conversation_id": _conversation(payload),
            **self._report.subject(
                caller.user_api_key_user_email or caller.user_api_key_user_id,
                caller.user_api_key_alias,
                caller.user_api_key_user_id or caller.user_api_key_hash,
                [caller.user_api_key_team_alias or caller.user_api_key_team_id],
            ),
        }

    def _evaluation(
        self, payload: Payload, number: int, entry: GuardrailEntry, common: "ReportedColumns", may_refuse_in_words: bool
    ) -> "GuardrailEvaluation":
        started = payload.startTime if entry.start_time is None else entry.start_time
        response = entry.response
        is_mcp = payload.call_type in MCP_CALL_TYPES
        tool = payload.caller.mcp_tool_call_metadata
        answered = payload.completionStartTime
        result = guardrail_result(entry.guardrail_status, response, entry.is_masked)
        if result == "pass" and may_refuse_in_words and response[:1] == b'"' and response not in _NO_REFUSAL:
            result = "fail"
        evaluated: ReportedColumns = {**common, "ts": self._evaluated(entry, common)}
        return GUARDRAIL_EVALUATIONS.row_type(
            **_columns(
                evaluated, fact_id("guardrail", *payload.identity, entry.guardrail_name, entry.start_time, number)
            ),
            guardrail_name=entry.guardrail_name,
            guardrail_id=entry.guardrail_id,
            provider_integration_type=entry.guardrail_provider,
            latency_ms=_evaluation_time(entry),
            guardrail_result=result,
            guardrail_native_result=entry.guardrail_status,
            is_failure=result == "error",
            applied_on_entity_scope=guardrail_scope(
                entry.guardrail_mode, is_late=answered is not None and started >= answered
            ),
            applied_on_entity_type="mcp_server" if is_mcp else "model",
            applied_on_entity_name=(tool.mcp_server_name if tool else None) if is_mcp else _model_name(payload),
        )

    def _evaluated(self, entry: GuardrailEntry, common: "ReportedColumns") -> datetime | None:
        """Tell when the guardrail ran; the payload's time when the entry has none that can be stored."""
        try:
            return common["ts"] if entry.start_time is None else self._report.time(entry.start_time)
        except ValueError:
            return common["ts"]

    def _model_call(self, payload: Payload, common: "ReportedColumns") -> "ModelCall":
        is_spent = _is_spent(payload)
        has_answered = not payload.failed
        usage = payload.caller.usage_object
        streaming = payload.stream is True
        cost = payload.response_cost
        if is_spent and payload.cost_breakdown:
            cost = payload.cost_breakdown.total_cost
        columns: ModelCallColumns = {
            **common,
            **self._cache(payload),
            "span_id": fact_id("model", payload.call, payload.status, payload.startTime),
            "model_name": _model_name(payload),
            "requested_model_name": None if payload.had_fallback else _model_name(payload),
            "model_id": payload.model_id or None,
            "provider_model_name": without_provider(payload.model, payload.custom_llm_provider),
            "provider_account_type": payload.custom_llm_provider,
            "request_type": request_type(payload.call_type),
            "input_tokens": payload.prompt_tokens if has_answered else None,
            "output_tokens": payload.completion_tokens if has_answered else None,
            "cache_read_input_tokens": usage.cache_read if usage else None,
            "cache_creation_input_tokens": usage.cache_creation if usage else None,
            "cost_in_usd": cost,
            "latency_ms": _latency(payload),
            "streaming": streaming,
            "time_to_first_token_ms": _time_to_first_token(payload) if streaming else None,
            "http_status_code": 200 if is_spent else _status(payload),
            "is_failure": payload.failed and not is_spent,
            "error_type": None if is_spent else payload.error.error_class or None,
            "error_code": None if is_spent else payload.error.code,
        }
        return MODEL_CALLS.row_type(**columns)

    def _cache(self, payload: Payload) -> "ModelCallColumns":
        """Return the outcome of the look-up in the gateway's cache: LiteLLM reports hits, but no misses."""
        if payload.cache_hit is True:
            return {"cache_lookup_status": "hit", "cache_hit": True, "potential_cost_savings": payload.saved_cache_cost}
        if self._assume_cache_misses and not payload.failed and request_type(payload.call_type) in _CACHED_REQUESTS:
            return {"cache_lookup_status": "miss", "cache_hit": False}
        return {}


def _columns(common: "ReportedColumns", span_id: str) -> "ReportedColumns":
    """Add the id of a fact to what all facts of a payload have in common."""
    return {**common, "span_id": span_id}


def _may_refuse_in_words(payload: Payload, guardrails: Sequence[GuardrailEntry]) -> bool:
    """Tell whether a hook may have returned a sentence instead of raising: recorded as success, though the request is
    refused.
    """
    return (
        payload.failed
        and _status(payload) == 400
        and not any(entry.guardrail_status in ("guardrail_intervened", "blocked") for entry in guardrails)
    )


def _evaluation_time(entry: GuardrailEntry) -> float | None:
    if entry.duration is not None:
        return milliseconds(0, entry.duration)
    if entry.start_time is None or entry.end_time is None:
        return None
    return milliseconds(entry.start_time, entry.end_time)


def _reached_model(payload: Payload) -> bool:
    return not payload.failed or bool(payload.error.llm_provider) or payload.cost_breakdown is not None


def _is_spent(payload: Payload) -> bool:
    """Tell whether the model answered and a guardrail refused the answer."""
    return payload.failed and payload.cost_breakdown is not None


def _model_name(payload: Payload) -> str | None:
    return payload.model_group or payload.model


def _latency(payload: Payload) -> float | None:
    return None if payload.endTime is None else milliseconds(payload.startTime, payload.endTime)


def _time_to_first_token(payload: Payload) -> float | None:
    answered = payload.completionStartTime
    return None if answered is None else milliseconds(payload.startTime, answered)


def _status(payload: Payload) -> int | None:
    """Return the status that the caller saw, as far as the payload tells it. An error that a tool reports has none."""
    if not payload.failed:
        return 200
    error = payload.error
    if error.error_class == TOOL_ERROR:
        return None
    return error_status(error.code, error.normalized_error, error.error_class)


def _mcp_call(payload: Payload, common: "ReportedColumns") -> "McpCall":
    is_call = payload.call_type == "call_mcp_tool"
    tool = payload.caller.mcp_tool_call_metadata if is_call else None
    return MCP_CALLS.row_type(
        **_columns(common, fact_id("mcp", *payload.identity)),
        method="tools/call" if is_call else "tools/list",
        mcp_server_name=tool.mcp_server_name if tool else None,
        mcp_server_url=_origin(tool.mcp_server_resource) if tool else None,
        tool_name=tool.name if tool else None,
        latency_ms=_latency(payload),
        http_status_code=_status(payload),
        is_tool_call_execution_error=payload.error.error_class == TOOL_ERROR,
    )


def _request(payload: Payload, common: "ReportedColumns", is_blocked: bool) -> "GatewayRequest":
    is_agent = payload.call_type in AGENT_CALL_TYPES
    return GATEWAY_REQUESTS.row_type(
        **_columns(common, fact_id("request", *payload.identity)),
        request_method="POST",
        request_path=payload.caller.user_api_key_request_route,
        request_type=request_type(payload.call_type),
        latency_ms=_latency(payload),
        streaming=payload.stream is True,
        http_status_code=_status(payload),
        is_failure=payload.failed and not is_blocked,
        agent_name=((payload.model or "").rpartition("/")[2] or None) if is_agent else None,
        agent_server_type="a2a" if is_agent else None,
    )


def _metadata(payload: Payload) -> dict[str, object]:
    """Return tags, end user, and the caller's own: of key, spend log, request and header; later ones win."""
    caller = payload.caller
    own: dict[str, object] = {}
    tags = [tag for tag in payload.request_tags or () if isinstance(tag, str) and not tag.startswith("User-Agent: ")]
    if tags:
        own["tags"] = ",".join(tags)
    if payload.end_user:
        own["end_user"] = payload.end_user
    merged: dict[str, object] = {}
    merged |= caller.user_api_key_auth_metadata or {}
    merged |= caller.spend_logs_metadata or {}
    merged |= {name: value for name, value in (caller.requester_metadata or {}).items() if name not in NOT_METADATA}
    merged |= _header_metadata(caller.requester_custom_headers or {})
    return own | {name: value for name, value in merged.items() if name not in own}


def _header_metadata(headers: dict[str, object]) -> dict[str, object]:
    for name, value in headers.items():
        if name.lower() == "x-tfy-metadata" and isinstance(value, str):
            try:
                return msgspec.json.decode(value, type=JSONObject)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                return {}
    return {}


def _conversation(payload: Payload) -> str | None:
    if payload.session_id:
        return payload.session_id
    session = (payload.caller.requester_metadata or {}).get("session_id")
    return cut(session) if isinstance(session, str) and session else None


def _origin(address: str | None) -> str | None:
    """Return scheme, host and port only: the rest of an address may hold what must not be stored."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.scheme and parts.netloc else None
