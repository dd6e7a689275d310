"""Names under which libraries send the same thing, the current name of the GenAI conventions first.

After it come names of earlier conventions, of Semantic Kernel, Traceloop, pydantic-ai, the Vercel AI SDK and
OpenInference.
"""

from collections.abc import Iterable

import msgspec

INPUT_TOKENS = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.usage.prompt_tokens",
    "gen_ai.response.prompt_tokens",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
    "llm.token_count.prompt",
)
OUTPUT_TOKENS = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.completion_tokens",
    "gen_ai.response.completion_tokens",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
    "llm.token_count.completion",
)
CACHE_READ_TOKENS = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.cached_input_tokens",
    "gen_ai.usage.details.cached_tokens",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.cachedInputTokens",
    "llm.token_count.prompt_details.cache_read",
)
CACHE_CREATION_TOKENS = (
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
    "llm.token_count.prompt_details.cache_write",
)
REQUEST_MODEL = (
    "gen_ai.request.model",
    "llm.request.model",
    "ai.model.id",
    "llm.model_name",
    "embedding.model_name",
    "reranker.model_name",
    "langfuse.observation.model.name",
)
RESPONSE_MODEL = ("gen_ai.response.model", "llm.response.model", "ai.response.model")
RESPONSE_ID = ("gen_ai.response.id", "ai.response.id")
PROVIDER = ("gen_ai.provider.name", "gen_ai.system", "ai.model.provider", "llm.provider", "llm.system")
COST = ("gen_ai.usage.cost", "gen_ai.usage.cost.amount", "operation.cost", "llm.cost.total")
"""US dollars, unless `COST_CURRENCY` says otherwise."""
COST_CURRENCY = "gen_ai.usage.cost.currency"
STREAMS = ("gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming")
CONVERSATION = (
    "gen_ai.conversation.id",
    "session.id",
    "langfuse.session.id",
    "ai.telemetry.metadata.sessionId",
    "traceloop.association.properties.session_id",
)
USER = (
    "user.email",
    "enduser.id",
    "user.id",
    "langfuse.user.id",
    "ai.telemetry.metadata.userId",
    "traceloop.association.properties.user_id",
)
STATUS = ("http.response.status_code", "http.status_code")


class Present(msgspec.Struct, frozen=True, gc=False):
    """Of the names of each thing those that a span has."""

    input_tokens: tuple[str, ...]
    output_tokens: tuple[str, ...]
    cache_read_tokens: tuple[str, ...]
    cache_creation_tokens: tuple[str, ...]
    model: tuple[str, ...]
    response_model: tuple[str, ...]
    provider: tuple[str, ...]
    cost: tuple[str, ...]
    streams: tuple[str, ...]
    conversation: tuple[str, ...]
    user: tuple[str, ...]
    status: tuple[str, ...]


_NAMES = (
    *(INPUT_TOKENS, OUTPUT_TOKENS, CACHE_READ_TOKENS, CACHE_CREATION_TOKENS),
    *(REQUEST_MODEL + RESPONSE_MODEL, RESPONSE_MODEL, PROVIDER, COST, STREAMS, CONVERSATION, USER, STATUS),
)
_MAX_SHAPES = 256
_MAX_SHAPE_LENGTH = 4096
_shapes: dict[tuple[str, ...], Present] = {}
"""By all names that a span has: spans of one library have few such sets, and looking for sixty names takes long."""


def present(found: Iterable[str]) -> Present:
    """Tell which names a span has, from all the names of its attributes."""
    shape = tuple(found)
    known = _shapes.get(shape)
    if known is None:
        there = set(shape)
        known = Present(*(tuple(name for name in names if name in there) for names in _NAMES))
        if sum(map(len, shape)) <= _MAX_SHAPE_LENGTH:
            if len(_shapes) >= _MAX_SHAPES:
                _shapes.clear()
            _shapes[shape] = known
    return known
