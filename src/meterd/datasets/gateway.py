"""Facts about an LLM gateway's traffic (`docs/specifications/gateway-metrics-query.md` section 12)."""

from typing import TYPE_CHECKING

from meterd.datasets.model import (
    COMMON,
    MAX_DURATION,
    MAX_STATUS,
    MAX_TEXT_LENGTH,
    MIN_STATUS,
    Column,
    Dataset,
    Kind,
)

if TYPE_CHECKING:
    from meterd.datasets.rows import GatewayRequest, GuardrailEvaluation, McpCall, ModelCall, RoutingDecision

_MAX_TOKENS = 10**12
_MAX_DOLLARS = 10**9


def _milliseconds(name: str, description: str, derived: bool = False) -> Column:
    return Column(name, Kind.NUMBER, description, minimum=0, maximum=MAX_DURATION, derived=derived)


def _tokens(name: str, description: str) -> Column:
    return Column(name, Kind.INTEGER, description, minimum=0, maximum=_MAX_TOKENS)


def _dollars(name: str, description: str, json: str = "") -> Column:
    return Column(name, Kind.NUMBER, description, json, minimum=0, maximum=_MAX_DOLLARS)


def _status(description: str) -> Column:
    return Column("http_status_code", Kind.INTEGER, description, minimum=MIN_STATUS, maximum=MAX_STATUS)


_GATEWAY_COMMON = (
    *COMMON,
    Column("subject_id", Kind.TEXT, "stable id of the subject", json="createdBySubjectId", few=True, names_person=True),
    Column("conversation_id", Kind.TEXT, "conversation it belongs to"),
)


def _time_per_output_token(row: "ModelCall") -> None:
    """Compute what a sender leaves out (`docs/specifications/gateway-metrics-query.md` section 12, model table)."""
    latency, first, tokens = row.latency_ms, row.time_to_first_token_ms, row.output_tokens
    if row.time_per_output_token_latency_ms is not None or latency is None or first is None or tokens is None:
        return
    if 0 <= first <= latency and tokens > 1:
        row.time_per_output_token_latency_ms = (latency - first) / (tokens - 1)


_RULE_IDS = {"load": "loadbalance_rule_id", "rate": "ratelimit_rule_id", "budg": "budget_rule_id"}


def _typed_rule_id(row: "RoutingDecision") -> None:
    """Put a rule's id under the name for its kind (`docs/specifications/gateway-metrics-query.md` section 12, config
    table).
    """
    name = _RULE_IDS.get(row.config_type[:4].lower())
    if name and row.rule_id is not None and getattr(row, name) is None:
        setattr(row, name, row.rule_id)


GUARDRAIL_EVALUATIONS: "Dataset[GuardrailEvaluation]" = Dataset(
    name="guardrail_evaluations",
    description="One evaluation of one guardrail.",
    columns=(
        *_GATEWAY_COMMON,
        Column("guardrail_id", Kind.TEXT, "id of the guardrail", few=True),
        Column("guardrail_name", Kind.TEXT, "name, often `group/integration`", few=True),
        Column("guardrail_fqn", Kind.TEXT, "fully qualified name", few=True),
        _milliseconds("latency_ms", "duration of the evaluation in milliseconds"),
        Column("guardrail_result", Kind.TEXT, "verdict; open set: pass, fail, error, mutate, flag are usual", few=True),
        Column("guardrail_native_result", Kind.TEXT, "the gateway's own word for the result", few=True),
        Column("is_failure", Kind.BOOLEAN, "the evaluation itself broke, as opposed to a verdict"),
        Column("applied_on_entity_scope", Kind.TEXT, "hook, such as input or output; open set", few=True),
        Column("applied_on_entity_type", Kind.TEXT, "kind of what was guarded, such as model", few=True),
        Column("applied_on_entity_id", Kind.TEXT, "id of what was guarded", few=True),
        Column("applied_on_entity_name", Kind.TEXT, "name of what was guarded", few=True),
        Column("applied_on_entity_fqn", Kind.TEXT, "fully qualified name of what was guarded", few=True),
        Column("provider_account_id", Kind.TEXT, "account at the guardrail's provider", few=True),
        Column("provider_integration_type", Kind.TEXT, "kind of the provider's integration", few=True),
    ),
    identity=("trace_id", "span_id"),
)

MODEL_CALLS: "Dataset[ModelCall]" = Dataset(
    name="model_calls",
    description="One call of a model, or of a virtual model. A call of a virtual model is a fact of its own, beside "
    "one for each model that was tried.",
    columns=(
        *_GATEWAY_COMMON,
        Column("model_name", Kind.TEXT, "public name of the model", few=True),
        Column("model_id", Kind.TEXT, "id of the deployment", few=True),
        Column("requested_model_name", Kind.TEXT, "model that the caller asked for", few=True),
        Column("provider_model_name", Kind.TEXT, "the provider's name of the model", few=True),
        Column("virtual_model_name", Kind.TEXT, "set only on the fact of a virtual model", few=True),
        Column("virtual_model_slug", Kind.TEXT, "slug of the virtual model", few=True),
        Column("virtual_model_id", Kind.TEXT, "id of the virtual model", few=True),
        Column("virtual_model_target_attempt", Kind.INTEGER, "which attempt of the virtual model this was", minimum=0),
        Column("request_type", Kind.TEXT, "chat, embedding, …", few=True),
        Column("provider_account_type", Kind.TEXT, "provider, such as openai", few=True),
        Column("provider_integration_type", Kind.TEXT, "kind of the provider's integration", few=True),
        _tokens("input_tokens", "tokens sent, cached ones included"),
        _tokens("output_tokens", "tokens received, reasoning included"),
        _tokens("cache_read_input_tokens", "input tokens read from the provider's cache"),
        _tokens("cache_creation_input_tokens", "input tokens written to the provider's cache"),
        _dollars("cost_in_usd", "cost in US dollars", json="costInUSD"),
        _dollars("potential_cost_savings", "US dollars that the gateway's cache saved"),
        _milliseconds("latency_ms", "duration of the call in milliseconds"),
        _milliseconds("time_to_first_token_ms", "until the first token, when streaming"),
        _milliseconds("inter_token_latency_ms", "between tokens, when streaming"),
        _milliseconds(
            "time_per_output_token_latency_ms",
            "by default (latencyMs - timeToFirstTokenMs) / "
            "(outputTokens - 1), where there are two tokens and the first comes before the end",
            derived=True,
        ),
        Column("streaming", Kind.BOOLEAN, "the answer was streamed"),
        _status("status of the call"),
        Column("is_failure", Kind.BOOLEAN, "the call failed"),
        Column("error_type", Kind.TEXT, "class of the error", few=True),
        Column("error_code", Kind.TEXT, "the provider's code of the error, as text", few=True),
        Column("cache_type", Kind.TEXT, "kind of the gateway's cache, such as semantic", few=True),
        Column("cache_namespace", Kind.TEXT, "namespace in the gateway's cache", few=True),
        Column("cache_lookup_status", Kind.TEXT, "hit, miss or error; set only when the cache was asked", few=True),
        Column("cache_hit", Kind.BOOLEAN, "the answer came from the gateway's cache"),
        _milliseconds("cache_lookup_latency_ms", "duration of the look-up in milliseconds"),
        Column("semantic_cache_similarity_score", Kind.NUMBER, "similarity of the best entry"),
        Column("semantic_cache_similarity_threshold", Kind.NUMBER, "similarity that counts as a hit"),
        Column(
            "applied_config_ids",
            Kind.TEXT_MAP,
            "ids of the rules that applied, by kind; arrays as JSON text",
            max_length=MAX_TEXT_LENGTH,
        ),
    ),
    identity=("trace_id", "span_id"),
    derive=_time_per_output_token,
)

MCP_CALLS: "Dataset[McpCall]" = Dataset(
    name="mcp_calls",
    description="One MCP request of any method.",
    columns=(
        *_GATEWAY_COMMON,
        Column("mcp_server_id", Kind.TEXT, "id of the MCP server", few=True),
        Column("mcp_server_name", Kind.TEXT, "name of the MCP server", few=True),
        Column("mcp_server_url", Kind.TEXT, "address of the MCP server", few=True),
        Column("method", Kind.TEXT, "JSON-RPC method, such as tools/call", required=True, few=True),
        Column("tool_name", Kind.TEXT, "tool that was called, set for tools/call", few=True),
        _milliseconds("latency_ms", "duration in milliseconds"),
        _status("status of the request"),
        Column("error_code", Kind.INTEGER, "JSON-RPC error code"),
        Column("is_tool_call_execution_error", Kind.BOOLEAN, "the tool ran and reported an error"),
        Column("is_cached", Kind.BOOLEAN, "the answer came from a cache"),
    ),
    identity=("trace_id", "span_id"),
)

ROUTING_DECISIONS: "Dataset[RoutingDecision]" = Dataset(
    name="routing_decisions",
    description="One application of a load-balance, rate-limit or budget rule.",
    columns=(
        *_GATEWAY_COMMON,
        Column(
            "config_type", Kind.TEXT, "kind of the rule: load balance, rate limit or budget", required=True, few=True
        ),
        Column(
            "rule_id", Kind.TEXT, "id of the rule; becomes the id for its configType when that is left out", few=True
        ),
        Column("resolved_rule_id", Kind.TEXT, "id of the rule after resolving", few=True),
        Column("loadbalance_rule_id", Kind.TEXT, "id of the load-balance rule", derived=True, few=True),
        Column("ratelimit_rule_id", Kind.TEXT, "id of the rate-limit rule", derived=True, few=True),
        Column("budget_rule_id", Kind.TEXT, "id of the budget rule", derived=True, few=True),
        Column("requested_model", Kind.TEXT, "model that the caller asked for", few=True),
        Column("target_model", Kind.TEXT, "model that the rule chose", few=True),
        Column("loadbalance_type", Kind.TEXT, "kind of load balancing", few=True),
        Column("loadbalance_first_target", Kind.TEXT, "target tried first", few=True),
        Column("loadbalance_final_target", Kind.TEXT, "target that answered", few=True),
        Column("loadbalance_target_attempt_count", Kind.INTEGER, "how many targets were tried", minimum=0),
        Column("status", Kind.TEXT, "allowed, blocked, failure; open set", few=True),
    ),
    identity=("trace_id", "span_id"),
    derive=_typed_rule_id,
)

GATEWAY_REQUESTS: "Dataset[GatewayRequest]" = Dataset(
    name="gateway_requests",
    description="One request to the gateway, through an agent or not.",
    columns=(
        *_GATEWAY_COMMON,
        Column("request_type", Kind.TEXT, "chat, mcp, a2a, …", few=True),
        Column("span_type", Kind.TEXT, "kind of the span", few=True),
        Column("request_method", Kind.TEXT, "HTTP method", few=True),
        Column("request_path", Kind.TEXT, "HTTP path", few=True),
        _milliseconds("latency_ms", "duration in milliseconds"),
        Column("streaming", Kind.BOOLEAN, "the answer was streamed"),
        _status("status that the caller saw"),
        Column("is_failure", Kind.BOOLEAN, "the request failed; a block by a guardrail is no failure"),
        Column("agent_name", Kind.TEXT, "agent that handled it, null for other traffic", few=True),
        Column("agent_framework", Kind.TEXT, "framework of the agent", few=True),
        Column("agent_server_type", Kind.TEXT, "kind of the agent's server, such as a2a", few=True),
    ),
    identity=("trace_id", "span_id"),
)
