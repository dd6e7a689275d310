"""The meaning of LiteLLM's words, in its callback as in its spans.

The rules are those of `docs/specifications/ingest-sources.md` sections 1.5 and 1.6.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

MCP_CALL_TYPES = frozenset({"call_mcp_tool", "list_mcp_tools"})
NOT_METADATA = frozenset(
    {
        "headers",
        "trace_id",
        "session_id",
        "model_group",
        "agent_id",
        "used_client_oauth_token",
        "spend_logs_metadata",
        "tags",
        "guardrails",
    }
)
"""Members of `requester_metadata` that LiteLLM puts there, or that are reported otherwise."""
TOOL_ERROR = "MCPToolResultError"
"""The class of an error that a tool reports, whose call itself succeeded."""
AGENT_CALL_TYPES = frozenset({"asend_message", "send_message", "asend_message_streaming"})
_NOT_ASYNC = frozenset({"add_message", "anthropic_messages", "audio_speech", "audio_transcription"})
_REQUEST_TYPES = {
    "completion": "chat",
    "text_completion": "completion",
    "anthropic_messages": "messages",
    "responses_websocket": "responses",
}
_READS = frozenset(
    {"add", "cancel", "code", "count", "delete", "get", "list", "retrieve", "update", "upload", "video_content"}
)
_INFERENCES = frozenset({"completion", "completions", "embedding", "embeddings", "run"})
_ADMINISTERED = frozenset(
    {
        *("assistant", "assistants", "batch", "batches", "character", "container", "containers", "file", "files"),
        *("fine", "sandbox", "skill", "skills", "thread", "threads", "vector"),
    }
)
"""Words in the types of calls that read or administer what a provider keeps, unless it is asked to work with it."""
_STATUS_BY_CLASS = {
    "APIConnectionError": 500,
    "APIError": 500,
    "AuthenticationError": 401,
    "BadRequestError": 400,
    "BudgetExceededError": 400,
    "ContentPolicyViolationError": 400,
    "ContextWindowExceededError": 400,
    "InternalServerError": 500,
    "NotFoundError": 404,
    "PermissionDeniedError": 403,
    "RateLimitError": 429,
    "ServiceUnavailableError": 503,
    "Timeout": 408,
    "UnprocessableEntityError": 422,
}
_VERDICTS = {
    "success": "pass",
    "guardrail_flagged": "flag",
    "guardrail_intervened": "fail",
    "blocked": "fail",
    "guardrail_failed_to_respond": "error",
    "failure": "error",
}
_MASKED = frozenset({"MASK", "MASKED", "REDACT", "ANONYMIZED"})
_BLOCKED = frozenset({"BLOCK", "BLOCKED"})
_INTERVENED = "GUARDRAIL_INTERVENED"


def guardrail_result(native: str | None, response: bytes, masked: bool) -> str | None:
    """Return our word for a guardrail's result; an unknown native word is kept.

    Args:
        native: `guardrail_status`.
        response: `guardrail_response` as JSON.
        masked: some entity was counted as masked.
    """
    if native in ("success", "guardrail_intervened") and (
        response == b'"mask"' or (masked and native == "success") or _masks(response, native == "success")
    ):
        return "mutate"
    return _VERDICTS.get(native or "", native)


class _Action(msgspec.Struct, frozen=True):
    """An action, or Bedrock's answer: what it did, and why, in policies that list what they found."""

    action: Any = None  # what a guardrail of the operator's says
    assessments: Any = None


_elements = msgspec.json.Decoder(list[msgspec.Raw])
_action = msgspec.json.Decoder(_Action)


def _masks(response: bytes, has_passed: bool) -> bool:
    """Tell whether a list of actions, or an answer of Bedrock's, changes the text and blocks nothing.

    Bedrock says `GUARDRAIL_INTERVENED` of both: where the request went on, it was a change.
    """
    actions: set[object] = set()
    for element in _elements_of(response):
        with contextlib.suppress(msgspec.DecodeError, RecursionError):  # a remark among the actions
            decoded = _action.decode(element)
            is_listed = element is not response or decoded.action == _INTERVENED
            actions.update([decoded.action] if is_listed and isinstance(decoded.action, str) else [])
            actions.update(_assessed(decoded.assessments))
    changes = bool(actions & _MASKED) or (has_passed and _INTERVENED in actions)
    return changes and not actions & _BLOCKED


def _elements_of(response: bytes) -> list[msgspec.Raw] | list[bytes]:
    if response.startswith(b"{"):
        return [response]
    try:
        return _elements.decode(response) if response.startswith(b"[") else []
    except (msgspec.DecodeError, RecursionError):
        return []


def _assessed(assessments: object) -> Iterator[str]:
    """Yield the actions in Bedrock's assessments, `[{policy: {list: [{"action": …}]}}]`."""
    for assessment in _listed(assessments):
        for policy in _members(assessment):
            for findings in _members(policy):
                for finding in _listed(findings):
                    if isinstance(finding, dict) and isinstance(action := finding.get("action"), str):
                        yield action


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _members(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else ()


def guardrail_scope(mode: object, is_late: bool) -> str:
    """Return `input` or `output` from `guardrail_mode`: a word, a list of words, or an object with a default.

    With several modes the time decides: `is_late` says that the evaluation began when the answer was there.
    """
    if isinstance(mode, dict):
        mode = mode.get("default")
    modes = [each for each in (mode if isinstance(mode, list) else [mode]) if isinstance(each, str)]
    if len(modes) > 1:
        return "output" if is_late else "input"
    return "output" if modes and modes[0].startswith("post_") else "input"


def request_type(call_type: str | None) -> str | None:
    """Return our type of a request, `acompletion` -> `chat`; the prefix of asynchronous calls is no part of it."""
    if call_type in MCP_CALL_TYPES:
        return "mcp"
    if call_type in AGENT_CALL_TYPES:
        return "a2a"
    name = _synchronous(call_type or "")
    return _REQUEST_TYPES.get(name, name) or call_type


def _synchronous(call_type: str) -> str:
    """Return the name without what marks the asynchronous form, `_arealtime` -> `realtime`."""
    name = call_type.removeprefix("_")
    return name[1:].removeprefix("_") if name[:1] == "a" and name not in _NOT_ASYNC else name


@lru_cache(maxsize=256)
def is_model_call(call_type: str | None) -> bool:
    """Tell whether a call of this type calls a model. MCP, agents, and what reads or administers don't."""
    if call_type in MCP_CALL_TYPES or call_type in AGENT_CALL_TYPES:
        return False
    name = _synchronous(call_type or "")
    words = frozenset([*name.split("_"), name])
    return not words & _READS and (not words & _ADMINISTERED or bool(words & _INFERENCES))


def error_status(code: str | None, normalized: str | None, error_class: str | None) -> int | None:
    """Return the HTTP status of a failure: its code when that is one, else what it was normalised to, else by its
    class.
    """
    if code and re.fullmatch("[0-9]{3}", code):
        return int(code)
    if normalized and (match := re.match("[0-9]{3}(?![0-9])", normalized)):
        return int(match[0])
    return _STATUS_BY_CLASS.get(error_class or "")


def without_provider(model: str | None, provider: str | None) -> str | None:
    """Return a model's name without its provider, `openai/small-1` of provider `openai` -> `small-1`."""
    return model.removeprefix(f"{provider}/") if model and provider else model
