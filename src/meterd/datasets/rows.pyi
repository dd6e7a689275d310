"""Types of rows, for the type checker only: generated from the declarations beside this file (`make docs`).

`Dataset.row_type` makes the structs when the service runs. Import from here under `TYPE_CHECKING`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

import msgspec

class Row(msgspec.Struct, kw_only=True):
    """What every fact has."""

    ts: datetime | None = None
    subject: str | None = None
    subject_type: str | None = None
    teams: Sequence[str] | None = None
    metadata: Mapping[str, str] | None = None
    trace_id: str | None = None
    span_id: str | None = None

class RowColumns(TypedDict, total=False):
    """Some of its columns, to make it of."""

    ts: datetime | None
    subject: str | None
    subject_type: str | None
    teams: Sequence[str] | None
    metadata: Mapping[str, str] | None
    trace_id: str | None
    span_id: str | None

class GuardrailEvaluation(Row, kw_only=True):
    """A fact of `guardrail_evaluations`."""

    subject_id: str | None = None
    conversation_id: str | None = None
    guardrail_id: str | None = None
    guardrail_name: str | None = None
    guardrail_fqn: str | None = None
    latency_ms: float | None = None
    guardrail_result: str | None = None
    guardrail_native_result: str | None = None
    is_failure: bool | None = None
    applied_on_entity_scope: str | None = None
    applied_on_entity_type: str | None = None
    applied_on_entity_id: str | None = None
    applied_on_entity_name: str | None = None
    applied_on_entity_fqn: str | None = None
    provider_account_id: str | None = None
    provider_integration_type: str | None = None

class GuardrailEvaluationColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    subject_id: str | None
    conversation_id: str | None
    guardrail_id: str | None
    guardrail_name: str | None
    guardrail_fqn: str | None
    latency_ms: float | None
    guardrail_result: str | None
    guardrail_native_result: str | None
    is_failure: bool | None
    applied_on_entity_scope: str | None
    applied_on_entity_type: str | None
    applied_on_entity_id: str | None
    applied_on_entity_name: str | None
    applied_on_entity_fqn: str | None
    provider_account_id: str | None
    provider_integration_type: str | None

class ModelCall(Row, kw_only=True):
    """A fact of `model_calls`."""

    subject_id: str | None = None
    conversation_id: str | None = None
    model_name: str | None = None
    model_id: str | None = None
    requested_model_name: str | None = None
    provider_model_name: str | None = None
    virtual_model_name: str | None = None
    virtual_model_slug: str | None = None
    virtual_model_id: str | None = None
    virtual_model_target_attempt: int | None = None
    request_type: str | None = None
    provider_account_type: str | None = None
    provider_integration_type: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cost_in_usd: float | None = None
    potential_cost_savings: float | None = None
    latency_ms: float | None = None
    time_to_first_token_ms: float | None = None
    inter_token_latency_ms: float | None = None
    time_per_output_token_latency_ms: float | None = None
    streaming: bool | None = None
    http_status_code: int | None = None
    is_failure: bool | None = None
    error_type: str | None = None
    error_code: str | None = None
    cache_type: str | None = None
    cache_namespace: str | None = None
    cache_lookup_status: str | None = None
    cache_hit: bool | None = None
    cache_lookup_latency_ms: float | None = None
    semantic_cache_similarity_score: float | None = None
    semantic_cache_similarity_threshold: float | None = None
    applied_config_ids: Mapping[str, str] | None = None

class ModelCallColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    subject_id: str | None
    conversation_id: str | None
    model_name: str | None
    model_id: str | None
    requested_model_name: str | None
    provider_model_name: str | None
    virtual_model_name: str | None
    virtual_model_slug: str | None
    virtual_model_id: str | None
    virtual_model_target_attempt: int | None
    request_type: str | None
    provider_account_type: str | None
    provider_integration_type: str | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_input_tokens: int | None
    cache_creation_input_tokens: int | None
    cost_in_usd: float | None
    potential_cost_savings: float | None
    latency_ms: float | None
    time_to_first_token_ms: float | None
    inter_token_latency_ms: float | None
    time_per_output_token_latency_ms: float | None
    streaming: bool | None
    http_status_code: int | None
    is_failure: bool | None
    error_type: str | None
    error_code: str | None
    cache_type: str | None
    cache_namespace: str | None
    cache_lookup_status: str | None
    cache_hit: bool | None
    cache_lookup_latency_ms: float | None
    semantic_cache_similarity_score: float | None
    semantic_cache_similarity_threshold: float | None
    applied_config_ids: Mapping[str, str] | None

class McpCall(Row, kw_only=True):
    """A fact of `mcp_calls`."""

    subject_id: str | None = None
    conversation_id: str | None = None
    mcp_server_id: str | None = None
    mcp_server_name: str | None = None
    mcp_server_url: str | None = None
    method: str
    tool_name: str | None = None
    latency_ms: float | None = None
    http_status_code: int | None = None
    error_code: int | None = None
    is_tool_call_execution_error: bool | None = None
    is_cached: bool | None = None

class McpCallColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    subject_id: str | None
    conversation_id: str | None
    mcp_server_id: str | None
    mcp_server_name: str | None
    mcp_server_url: str | None
    method: str
    tool_name: str | None
    latency_ms: float | None
    http_status_code: int | None
    error_code: int | None
    is_tool_call_execution_error: bool | None
    is_cached: bool | None

class RoutingDecision(Row, kw_only=True):
    """A fact of `routing_decisions`."""

    subject_id: str | None = None
    conversation_id: str | None = None
    config_type: str
    rule_id: str | None = None
    resolved_rule_id: str | None = None
    loadbalance_rule_id: str | None = None
    ratelimit_rule_id: str | None = None
    budget_rule_id: str | None = None
    requested_model: str | None = None
    target_model: str | None = None
    loadbalance_type: str | None = None
    loadbalance_first_target: str | None = None
    loadbalance_final_target: str | None = None
    loadbalance_target_attempt_count: int | None = None
    status: str | None = None

class RoutingDecisionColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    subject_id: str | None
    conversation_id: str | None
    config_type: str
    rule_id: str | None
    resolved_rule_id: str | None
    loadbalance_rule_id: str | None
    ratelimit_rule_id: str | None
    budget_rule_id: str | None
    requested_model: str | None
    target_model: str | None
    loadbalance_type: str | None
    loadbalance_first_target: str | None
    loadbalance_final_target: str | None
    loadbalance_target_attempt_count: int | None
    status: str | None

class GatewayRequest(Row, kw_only=True):
    """A fact of `gateway_requests`."""

    subject_id: str | None = None
    conversation_id: str | None = None
    request_type: str | None = None
    span_type: str | None = None
    request_method: str | None = None
    request_path: str | None = None
    latency_ms: float | None = None
    streaming: bool | None = None
    http_status_code: int | None = None
    is_failure: bool | None = None
    agent_name: str | None = None
    agent_framework: str | None = None
    agent_server_type: str | None = None

class GatewayRequestColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    subject_id: str | None
    conversation_id: str | None
    request_type: str | None
    span_type: str | None
    request_method: str | None
    request_path: str | None
    latency_ms: float | None
    streaming: bool | None
    http_status_code: int | None
    is_failure: bool | None
    agent_name: str | None
    agent_framework: str | None
    agent_server_type: str | None

class MeterEvent(Row, kw_only=True):
    """A fact of `meter_events`."""

    meter: str
    value: int
    agent: str | None = None
    platform: str | None = None
    new_session: str | None = None
    action: str | None = None
    actor: str | None = None
    classifier: str | None = None

class MeterEventColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    meter: str
    value: int
    agent: str | None
    platform: str | None
    new_session: str | None
    action: str | None
    actor: str | None
    classifier: str | None

class OtlpPoint(Row, kw_only=True):
    """A fact of `otlp_points`."""

    point_id: str | None = None
    metric_name: str
    metric_type: str
    unit: str | None = None
    temporality: str | None = None
    is_monotonic: bool | None = None
    started_at: datetime | None = None
    service_name: str | None = None
    scope_name: str | None = None
    value: float | None = None
    count: int | None = None
    sum: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    bucket_counts: Sequence[float | None] | None = None
    bucket_bounds: Sequence[float | None] | None = None

class OtlpPointColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    point_id: str | None
    metric_name: str
    metric_type: str
    unit: str | None
    temporality: str | None
    is_monotonic: bool | None
    started_at: datetime | None
    service_name: str | None
    scope_name: str | None
    value: float | None
    count: int | None
    sum: float | None
    minimum: float | None
    maximum: float | None
    bucket_counts: Sequence[float | None] | None
    bucket_bounds: Sequence[float | None] | None

class SessionMetric(Row, kw_only=True):
    """A fact of `session_metrics`."""

    session_id: str
    position: int | None = None
    arrived_at: datetime | None = None
    product: str | None = None
    version: str | None = None
    sent_at: str | None = None
    name: str | None = None
    value: float | None = None
    metric_type: str | None = None
    unit: str | None = None
    count: int | None = None
    tags: Sequence[str] | None = None
    details: str | None = None
    bucket_bounds: Sequence[float | None] | None = None
    bucket_counts: Sequence[float | None] | None = None

class SessionMetricColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    session_id: str
    position: int | None
    arrived_at: datetime | None
    product: str | None
    version: str | None
    sent_at: str | None
    name: str | None
    value: float | None
    metric_type: str | None
    unit: str | None
    count: int | None
    tags: Sequence[str] | None
    details: str | None
    bucket_bounds: Sequence[float | None] | None
    bucket_counts: Sequence[float | None] | None

class SessionEvent(Row, kw_only=True):
    """A fact of `session_events`."""

    session_id: str
    position: int | None = None
    arrived_at: datetime | None = None
    product: str | None = None
    version: str | None = None
    sent_at: str | None = None
    name: str | None = None
    category: str | None = None
    event_group: str | None = None
    labels: Sequence[str] | None = None
    message: str | None = None
    data: str | None = None
    stacktrace: Sequence[str] | None = None
    exception_type: str | None = None
    exception_msg: str | None = None
    source_file: str | None = None
    source_line: int | None = None
    source_function: str | None = None

class SessionEventColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    session_id: str
    position: int | None
    arrived_at: datetime | None
    product: str | None
    version: str | None
    sent_at: str | None
    name: str | None
    category: str | None
    event_group: str | None
    labels: Sequence[str] | None
    message: str | None
    data: str | None
    stacktrace: Sequence[str] | None
    exception_type: str | None
    exception_msg: str | None
    source_file: str | None
    source_line: int | None
    source_function: str | None

class SessionState(Row, kw_only=True):
    """A fact of `session_states`."""

    session_id: str
    position: int | None = None
    arrived_at: datetime | None = None
    product: str | None = None
    version: str | None = None
    sent_at: str | None = None
    change: str
    state: str | None = None
    state_update: str | None = None
    machine_id: str | None = None
    hostname: str | None = None

class SessionStateColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    session_id: str
    position: int | None
    arrived_at: datetime | None
    product: str | None
    version: str | None
    sent_at: str | None
    change: str
    state: str | None
    state_update: str | None
    machine_id: str | None
    hostname: str | None

class ApiRequest(Row, kw_only=True):
    """A fact of `api_requests`."""

    record_id: str | None = None
    record_type: str | None = None
    environment: str | None = None
    detail: str | None = None
    origin: str | None = None
    service: str | None = None
    action: str | None = None
    method: str | None = None
    key: str | None = None
    application: str | None = None
    http_status: int | None = None
    duration: int | None = None
    response_size: int | None = None
    value: int | None = None

class ApiRequestColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    record_id: str | None
    record_type: str | None
    environment: str | None
    detail: str | None
    origin: str | None
    service: str | None
    action: str | None
    method: str | None
    key: str | None
    application: str | None
    http_status: int | None
    duration: int | None
    response_size: int | None
    value: int | None

class ProcessRun(Row, kw_only=True):
    """A fact of `process_runs`."""

    record_id: str | None = None
    record_type: str | None = None
    environment: str | None = None
    detail: str | None = None
    origin: str | None = None
    name: str
    trigger: str | None = None
    status: str | None = None
    duration: int | None = None
    value: int | None = None

class ProcessRunColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    record_id: str | None
    record_type: str | None
    environment: str | None
    detail: str | None
    origin: str | None
    name: str
    trigger: str | None
    status: str | None
    duration: int | None
    value: int | None

class QueueSample(Row, kw_only=True):
    """A fact of `queue_samples`."""

    record_id: str | None = None
    record_type: str | None = None
    environment: str | None = None
    detail: str | None = None
    origin: str | None = None
    metric: str
    queue: str | None = None
    value: float
    unit: str | None = None

class QueueSampleColumns(RowColumns, total=False):
    """Some of its columns, to make it of."""

    record_id: str | None
    record_type: str | None
    environment: str | None
    detail: str | None
    origin: str | None
    metric: str
    queue: str | None
    value: float
    unit: str | None
