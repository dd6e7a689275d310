"""What LiteLLM and OpenTelemetry exporters send: batches accepted durably, every event a new one."""

import json
import random
import time
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from bench import servers
from bench.load import MARKER, Job, run
from bench.tables import table

_BATCH = 512
_BODIES = 16
_CONNECTIONS = 4
_SECONDS = 10.0
_MEMORY = ("resident MB", "resident MB of the helper")


def measure() -> str:
    """LiteLLM payloads and GenAI spans a second, in batches as their senders make them."""
    rows = [
        _measure("LiteLLM payloads", "/ingest/litellm", [_payloads()], "application/json"),
        _measure("OTLP spans, protobuf", "/v1/traces", exports(), "application/x-protobuf"),
    ]
    head = ("what", "kB each", "a second", "facts/s", "median ms a batch", "p99 ms", "failures", *_MEMORY)
    return table(f"Sources: batches of {_BATCH}, {_CONNECTIONS} connections", head, rows)


def _measure(label: str, path: str, bodies: list[bytes], content_type: str) -> tuple[object, ...]:
    with servers.meterd() as server:
        started = time.perf_counter()
        outcome = run(Job(server.port, path, bodies, _CONNECTIONS, _SECONDS, server.token, content_type))
        facts = server.metric("meterd_ingest_facts_total") / (time.perf_counter() - started)
        resident = (server.resident(), server.helper_resident())
    size = len(bodies[0]) / _BATCH / 1000
    return (label, size, outcome.rate * _BATCH, facts, outcome.median, outcome.p99, outcome.failures, *resident)


def _payloads() -> bytes:
    return json.dumps([_payload(number) for number in range(_BATCH)]).encode()


def _payload(number: int) -> dict[str, Any]:
    """As large as LiteLLM's: most of it is a description of the model, the messages, and headers."""
    started = time.time() - number
    evaluation = {
        "guardrail_name": "policy",
        "guardrail_mode": "pre_call",
        "guardrail_status": "success",
        "guardrail_response": "allow",
        "start_time": started,
        "end_time": started + 0.01,
        "duration": 0.01,
    }
    return {
        "id": f"chatcmpl-{MARKER.decode()}-{number}",
        "litellm_call_id": f"{MARKER.decode()}-{number}",
        "trace_id": f"trace-{MARKER.decode()}-{number}",
        "call_type": "acompletion",
        "status": "success",
        "stream": None,
        "custom_llm_provider": "openai",
        "startTime": started,
        "endTime": started + 0.8,
        "completionStartTime": started + 0.8,
        "response_time": 0.8,
        "model": "openai/small-1",
        "model_group": f"chat-{number % 7}",
        "model_id": "4f91" * 16,
        "prompt_tokens": 100 + number,
        "completion_tokens": 200,
        "total_tokens": 300 + number,
        "response_cost": 0.00049,
        "cost_breakdown": {"input_cost": 0.0001, "output_cost": 0.00039, "total_cost": 0.00049},
        "cache_hit": None,
        "request_tags": ["batch", "User-Agent: python-httpx2"],
        "end_user": None,
        "error_information": {"error_code": "", "error_class": "", "llm_provider": "", "traceback": ""},
        "guardrail_information": [evaluation] if number % 2 else None,
        "metadata": {
            "user_api_key_hash": "5175" * 16,
            "user_api_key_alias": f"key-{number % 50}",
            "user_api_key_user_id": f"u-{number % 50}",
            "user_api_key_user_email": f"user{number % 50}@example.com",
            "user_api_key_team_id": f"team-{number % 5}",
            "user_api_key_team_alias": f"team-{number % 5}",
            "user_api_key_request_route": "/v1/chat/completions",
            "user_api_key_auth_metadata": {"plan": "gold"},
            "requester_metadata": {"project": "a", "headers": {f"header-{each}": "value" * 4 for each in range(12)}},
            "usage_object": {"prompt_tokens": 100, "completion_tokens": 200, "prompt_tokens_details": None},
        },
        "hidden_params": {"additional_headers": {"x-litellm-attempted-fallbacks": 0}},
        "messages": [{"role": "user", "content": "some words of a prompt " * 40}],
        "response": {"choices": [{"message": {"role": "assistant", "content": "some words of an answer " * 40}}]},
        "model_map_information": {f"supports_something_{each}": None if each % 3 else 1e-06 for each in range(240)},
    }


def exports() -> list[bytes]:
    """Exports of spans with token counts and ids of their own, as calls of models have them."""
    chance = random.Random(7)
    return [_spans(chance) for _ in range(_BODIES)]


def _spans(chance: random.Random) -> bytes:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.append(_attribute("service.name", "assistant"))
    scope = resource.scope_spans.add()
    scope.scope.name = "instrumentation.openai"
    started = time.time_ns()
    for number in range(_BATCH):
        span = scope.spans.add(
            trace_id=MARKER,
            span_id=(number + 1).to_bytes(8, "big"),
            name="chat small-1",
            kind=3,
            start_time_unix_nano=started,
            end_time_unix_nano=started + 800_000_000,
        )
        attributes: dict[str, str | int | float] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": f"small-{number % 7}",
            "gen_ai.response.model": "small-2026-01",
            "gen_ai.response.id": f"chatcmpl-{MARKER.decode()}-{number}",
            "gen_ai.request.temperature": 0.5,
            "gen_ai.usage.input_tokens": chance.randrange(20, 8000),
            "gen_ai.usage.output_tokens": chance.randrange(1, 1000),
            "gen_ai.conversation.id": f"conversation-{number % 20}",
            "server.address": "api.example.com",
            "server.port": 443,
            "user.id": f"user{number % 50}@example.com",
        }
        span.attributes.extend(_attribute(name, value) for name, value in attributes.items())
    return request.SerializeToString()


def _attribute(name: str, value: str | float) -> KeyValue:
    if isinstance(value, str):
        return KeyValue(key=name, value=AnyValue(string_value=value))
    if isinstance(value, int):
        return KeyValue(key=name, value=AnyValue(int_value=value))
    return KeyValue(key=name, value=AnyValue(double_value=value))
