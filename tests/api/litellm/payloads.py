"""What LiteLLM's generic API callback sends, in values of our own; each builder takes members to change."""

import itertools
import json
from typing import Any

Payload = dict[str, Any]

START = 1_760_000_000.25
"""When the calls of these payloads begin, in seconds since 1970."""

_numbers = itertools.count(1)


def caller(**members: Any) -> Payload:
    """The member `metadata`: who called, through which key."""
    return {
        "user_api_key_hash": "0" * 63 + "1",
        "user_api_key_alias": "ann-key",
        "user_api_key_user_id": "u-ann",
        "user_api_key_user_email": "ann@example.com",
        "user_api_key_team_id": "team-1",
        "user_api_key_team_alias": "red",
        "user_api_key_org_id": None,
        "user_api_key_end_user_id": None,
        "user_api_key_request_route": "/v1/chat/completions",
        "user_api_key_auth_metadata": {},
        "spend_logs_metadata": None,
        "requester_ip_address": None,
        "requester_metadata": {"headers": {"host": "proxy"}, "used_client_oauth_token": False},
        "requester_custom_headers": {},
        "prompt_management_metadata": None,
        "mcp_tool_call_metadata": None,
        "vector_store_request_metadata": None,
        "applied_guardrails": [],
        "usage_object": {
            "prompt_tokens": 12,
            "completion_tokens": 30,
            "total_tokens": 42,
            "prompt_tokens_details": {"cached_tokens": 4, "cache_creation_tokens": 3},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
        **members,
    }


def success(**members: Any) -> Payload:
    """A chat completion that was answered, with a `litellm_call_id` of its own."""
    number = next(_numbers)
    return {
        "id": f"chatcmpl-{number}",
        "litellm_call_id": f"call-{number}",
        "trace_id": f"trace-{number}",
        "session_id": "",
        "call_type": "acompletion",
        "cache_hit": None,
        "stream": None,
        "status": "success",
        "status_fields": {"llm_api_status": "success", "guardrail_status": "not_run"},
        "custom_llm_provider": "openai",
        "saved_cache_cost": 0.0,
        "startTime": START,
        "endTime": START + 2.0,
        "completionStartTime": START + 0.5,
        "response_time": 0.5,
        "model": "openai/small-1",
        "model_group": "chat-small",
        "model_id": "deployment-1",
        "metadata": caller(),
        "cache_key": None,
        "response_cost": 0.00125,
        "cost_breakdown": {"input_cost": 0.00025, "output_cost": 0.001, "total_cost": 0.00125},
        "prompt_tokens": 12,
        "completion_tokens": 30,
        "total_tokens": 42,
        "request_tags": ["User-Agent: client", "User-Agent: client/1.0"],
        "end_user": None,
        "api_base": "",
        "requester_ip_address": None,
        "user_agent": None,
        "messages": [{"role": "user", "content": "Good morning"}],
        "response": {"choices": [{"message": {"role": "assistant", "content": "Good evening"}}]},
        "model_parameters": {"temperature": 0.5},
        "hidden_params": {
            "response_cost": 7.0,
            "additional_headers": {"x-litellm-attempted-retries": 0, "x-litellm-attempted-fallbacks": 0},
        },
        "model_map_information": {"model_map_key": "small-1", "model_map_value": {"max_tokens": None}},
        "error_str": None,
        "error_information": error(code="", class_="", provider=""),
        "guardrail_information": None,
        **members,
    }


def error(
    code: Any = "500", class_: str = "InternalServerError", provider: str | None = "openai", **members: Any
) -> Payload:
    """The member `error_information`."""
    return {
        "error_code": code,
        "error_class": class_,
        "llm_provider": provider,
        "error_message": "",
        "traceback": "",
        **members,
    }


def failure(**members: Any) -> Payload:
    """A chat completion that the provider failed to answer."""
    return success(
        **{
            "status": "failure",
            "cache_hit": False,
            "response_cost": 0.0,
            "cost_breakdown": None,
            "prompt_tokens": 0,
            "completion_tokens": 0,
            "total_tokens": 0,
            "metadata": caller(usage_object={}),
            "hidden_params": {"additional_headers": None},
            "error_str": "it broke",
            "error_information": error(),
        }
        | members
    )


def blocked(**members: Any) -> Payload:
    """A chat completion whose input was refused by a guardrail."""
    return failure(
        **{
            "error_information": error("400", "HTTPException", provider=""),
            "guardrail_information": [
                evaluation(guardrail_status="guardrail_intervened", guardrail_response="400: no")
            ],
        }
        | members
    )


def rescued(**members: Any) -> tuple[Payload, Payload]:
    """A first try that failed, and the fallback that answered: two payloads of one request, 1.5 s apart."""
    first = failure(**members)
    second = success(
        litellm_call_id=first["litellm_call_id"],
        trace_id=first["trace_id"],
        startTime=START + 1.5,
        endTime=START + 3.0,
        hidden_params={"additional_headers": {"x-litellm-attempted-fallbacks": 1}},
        **members,
    )
    return first, second


def embedding(**members: Any) -> Payload:
    """An embedding; its `id` is the call id."""
    payload = success(call_type="aembedding", model="openai/embed-1", model_group="embedder", completion_tokens=0)
    return payload | {"id": payload["litellm_call_id"]} | members


def tool_call(**members: Any) -> Payload:
    """A call of an MCP tool."""
    tool = {"name": "add", "mcp_server_name": "calculator", "mcp_server_resource": "https://calc.example.com/mcp?key=1"}
    return success(
        **{
            "call_type": "call_mcp_tool",
            "model": "MCP: add",
            "model_group": "",
            "model_id": "",
            "custom_llm_provider": None,
            "request_tags": [],
            "metadata": caller(user_api_key_request_route="/mcp/", mcp_tool_call_metadata=tool, usage_object={}),
        }
        | members
    )


def tool_list(**members: Any) -> Payload:
    """A list of MCP tools."""
    return tool_call(**{"call_type": "list_mcp_tools", "model": "MCP: list_tools"} | members)


def agent_message(**members: Any) -> Payload:
    """A message to an agent (A2A); `id` is the caller's JSON-RPC id."""
    return success(
        **{
            "id": "1",
            "call_type": "asend_message",
            "model": "a2a_agent/helper",
            "model_group": "",
            "model_id": "",
            "custom_llm_provider": "a2a_agent",
            "metadata": caller(user_api_key_request_route="/a2a/helper", usage_object={}),
        }
        | members
    )


def evaluation(**members: Any) -> Payload:
    """An element of the member `guardrail_information`."""
    return {
        "guardrail_name": "policy",
        "guardrail_provider": None,
        "guardrail_mode": "pre_call",
        "guardrail_status": "success",
        "guardrail_response": "allow",
        "start_time": START + 0.125,
        "end_time": START + 0.25,
        "duration": 0.125,
        "masked_entity_count": None,
        **members,
    }


def bedrock(action: str, *found: str) -> Payload:
    """The answer of a guardrail of Bedrock: what it did, and with which entities."""
    entities = [{"type": "EMAIL", "action": each, "detected": True} for each in found]
    return {"action": action, "outputs": [], "assessments": [{"sensitiveInformationPolicy": {"piiEntities": entities}}]}


def array(*payloads: Any) -> bytes:
    """A body of `log_format: json_array`."""
    return json.dumps(payloads).encode()


def ndjson(*payloads: Any) -> bytes:
    """A body of `log_format: ndjson`: nothing after the last object."""
    return "\n".join(json.dumps(payload) for payload in payloads).encode()
