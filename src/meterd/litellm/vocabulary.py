"""The meaning of LiteLLM's words, in its callback as in its spans.

The rules are those of `docs/specifications/ingest-sources.md` sections 1.5 and 1.6.
"""

import contextlib
import re
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
_REQUEST_TYPES = {"completion": "chat", "text_completion": "completion", "anthropic_messages": "messages"}
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


def guardrail_result(native: str | None, response: bytes, masked: bool) -> str | None:
    """Return our word for a guardrail's result; an unknown native word is kept.

    Args:
        native: `guardrail_status`.
        response: `guardrail_response` as JSON.
        masked: some entity was counted as masked.
    """
    if native in ("success", "guardrail_intervened") and (
        response == b'"mask"' or (masked and native == "success") or _masks(response)
    ):
        return "mutate"
    return _VERDICTS.get(native or "", native)


class _Action(msgspec.Struct, frozen=True):
    action: Any = None  # what a guardrail of the operator's says


_elements = msgspec.json.Decoder(list[msgspec.Raw])
_action = msgspec.json.Decoder(_Action)


def _masks(response: bytes) -> bool:
    """Tell whether a list of actions changes the text and blocks nothing."""
    if not response.startswith(b"["):
        return False
    try:
        elements = _elements.decode(response)
    except (msgspec.DecodeError, RecursionError):
        return False
    actions: set[str] = set()
    for element in elements:
        with contextlib.suppress(msgspec.DecodeError):  # a remark among the actions
            if isinstance(action := _action.decode(element).action, str):
                actions.add(action)
    return bool(actions & _MASKED) and not actions & _BLOCKED


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
    if call_type and call_type[0] == "a" and call_type not in _NOT_ASYNC:
        call_type = call_type[1:].removeprefix("_")
    return _REQUEST_TYPES.get(call_type or "", call_type)


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
