"""The part of LiteLLM's `StandardLoggingPayload` that becomes facts (`docs/specifications/ingest-sources.md` section
1.4).

Two thirds of a payload are of no use; a typed decoder skips them without building them. Prompts, answers, messages of
errors and tracebacks are never decoded, so they can't reach the disk.
"""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from meterd.datasets import MAX_TEXT_LENGTH
from meterd.ingest.spellings import number, seconds
from meterd.litellm.vocabulary import MCP_CALL_TYPES

MAX_GUARDRAILS = 64
"""Entries of one payload that are read; a gateway has a few."""

JSONObject = dict[str, Any]
"""What callers and operators attach to their requests: JSON of any form."""
Text = Annotated[str, Meta(max_length=MAX_TEXT_LENGTH)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
if TYPE_CHECKING:
    Time = float
else:
    Time = float | str
"""Seconds since 1970. In a payload it may be ISO 8601, which `Timed` replaces."""


class Timed(msgspec.Struct, frozen=True):
    """What has times; one that can't be read becomes None."""

    times: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name in self.times:
            value = getattr(self, name)
            if type(value) is str:
                msgspec.structs.force_setattr(self, name, seconds(value))


class GuardrailEntry(Timed, frozen=True):
    """One evaluation; `guardrail_response` stays undecoded, only a few words of it are ever looked at."""

    times = ("start_time", "end_time")

    guardrail_name: Text | None = None
    guardrail_provider: Text | None = None
    guardrail_id: Text | None = None
    guardrail_mode: Any = None  # a text, an array of them, or an object
    guardrail_status: Text | None = None
    guardrail_response: msgspec.Raw = msgspec.Raw(b"null")
    masked_entity_count: JSONObject | None = None
    start_time: Time | None = None
    end_time: Time | None = None
    duration: float | None = None

    @property
    def response(self) -> bytes:
        return bytes(self.guardrail_response).strip()

    @property
    def is_masked(self) -> bool:
        counts = (self.masked_entity_count or {}).values()
        return any((number(count) or 0) > 0 for count in counts)


class ErrorInformation(msgspec.Struct, frozen=True):
    error_code: Text | int | None = None
    error_class: Text | None = None
    llm_provider: Text | None = None
    normalized_error: Text | None = None

    @property
    def code(self) -> str | None:
        return None if self.error_code in (None, "") else str(self.error_code).removesuffix(".0")


class CostBreakdown(msgspec.Struct, frozen=True):
    total_cost: float | None = None


class AdditionalHeaders(msgspec.Struct, frozen=True):
    fallbacks: Any = msgspec.field(name="x-litellm-attempted-fallbacks", default=None)


class HiddenParams(msgspec.Struct, frozen=True):
    additional_headers: AdditionalHeaders | None = None


class ToolCall(msgspec.Struct, frozen=True):
    name: Text | None = None
    mcp_server_name: Text | None = None
    mcp_server_resource: Text | None = None


class PromptTokens(msgspec.Struct, frozen=True):
    cached_tokens: Count | None = None
    cache_creation_tokens: Count | None = None
    cache_write_tokens: Count | None = None


class Usage(msgspec.Struct, frozen=True):
    """The provider's counts; `input_tokens_details` is how the responses API calls `prompt_tokens_details`."""

    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    prompt_tokens_details: PromptTokens | None = None
    input_tokens_details: PromptTokens | None = None

    @property
    def cache_read(self) -> int | None:
        return _first(self.cache_read_input_tokens, self._details.cached_tokens)

    @property
    def cache_creation(self) -> int | None:
        details = self._details
        return _first(self.cache_creation_input_tokens, details.cache_creation_tokens, details.cache_write_tokens)

    @property
    def _details(self) -> PromptTokens:
        return self.prompt_tokens_details or self.input_tokens_details or _NO_DETAILS


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


_NO_DETAILS = PromptTokens()


class Metadata(msgspec.Struct, frozen=True):
    """The metadata of a call: who called, and the caller's own labels."""

    user_api_key_hash: Text | None = None
    user_api_key_alias: Text | None = None
    user_api_key_user_id: Text | None = None
    user_api_key_user_email: Text | None = None
    user_api_key_team_id: Text | None = None
    user_api_key_team_alias: Text | None = None
    user_api_key_request_route: Text | None = None
    user_api_key_auth_metadata: JSONObject | None = None
    spend_logs_metadata: JSONObject | None = None
    requester_metadata: JSONObject | None = None
    requester_custom_headers: JSONObject | None = None
    mcp_tool_call_metadata: ToolCall | None = None
    usage_object: Usage | None = None


class Payload(Timed, frozen=True):
    """One event."""

    times = ("startTime", "endTime", "completionStartTime")

    startTime: Time  # noqa: N815 - LiteLLM's names
    endTime: Time | None = None  # noqa: N815
    completionStartTime: Time | None = None  # noqa: N815
    id: Text | None = None
    litellm_call_id: Text | None = None
    trace_id: Text | None = None
    session_id: Text | None = None
    call_type: Text | None = None
    status: Text | None = None
    stream: bool | None = None
    model: Text | None = None
    model_group: Text | None = None
    model_id: Text | None = None
    custom_llm_provider: Text | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    response_cost: float | None = None
    cost_breakdown: CostBreakdown | None = None
    cache_hit: bool | None = None
    saved_cache_cost: float | None = None
    end_user: Text | None = None
    request_tags: list[Any] | None = None  # what is no text is left out
    error_information: ErrorInformation | None = None
    guardrail_information: list[GuardrailEntry] | GuardrailEntry | None = None
    hidden_params: HiddenParams | None = None
    metadata: Metadata | None = None

    def __post_init__(self) -> None:
        Timed.__post_init__(self)
        if self.startTime is None:
            raise ValueError("startTime is no time")

    @property
    def caller(self) -> Metadata:
        return self.metadata or _NO_METADATA

    @property
    def error(self) -> ErrorInformation:
        return self.error_information or _NO_ERROR

    @property
    def guardrails(self) -> list[GuardrailEntry]:
        """Entries of every age of the format."""
        if isinstance(self.guardrail_information, GuardrailEntry):
            return [self.guardrail_information]
        return (self.guardrail_information or [])[:MAX_GUARDRAILS]

    @property
    def call(self) -> str:
        """Identity of the request to the gateway."""
        return self.litellm_call_id or f"{self.id}\0{self.startTime!r}"

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells the payload's request from others. The tool calls of one request share its id: tool and start tell
        them apart.
        """
        if self.call_type not in MCP_CALL_TYPES:
            return (self.call,)
        tool = self.caller.mcp_tool_call_metadata
        return (self.call, tool and tool.mcp_server_name, tool and tool.name, self.startTime)

    @property
    def is_part(self) -> bool:
        """Whether it is a tool call that a request of another kind made, which has a payload of its own."""
        route = self.caller.user_api_key_request_route
        return self.call_type in MCP_CALL_TYPES and route is not None and "mcp" not in route

    @property
    def failed(self) -> bool:
        return self.status == "failure"

    @property
    def had_fallback(self) -> bool:
        headers = self.hidden_params.additional_headers if self.hidden_params else None
        return headers is not None and headers.fallbacks is not None and number(headers.fallbacks) != 0


_NO_METADATA = Metadata()
_NO_ERROR = ErrorInformation()
