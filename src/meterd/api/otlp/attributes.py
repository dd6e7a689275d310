"""Names under which libraries send the same thing, the current name of the GenAI conventions first.

After it come names of earlier conventions, of Semantic Kernel, Traceloop, pydantic-ai, the Vercel AI SDK and
OpenInference.
"""

from collections.abc import Iterable, Mapping, Set

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


FIRST_TOKEN = ("gen_ai.response.time_to_first_chunk", "ai.response.msToFirstChunk")
"""The first in seconds, the second in milliseconds."""

_Names = tuple[str, ...]
_TEXTS = {
    "model_name": REQUEST_MODEL + RESPONSE_MODEL,
    "provider_model_name": RESPONSE_MODEL,
    "provider_account_type": PROVIDER,
    "error_type": ("error.type",),
    "error_code": ("error.type",),
}
_COUNTS = {
    "input_tokens": INPUT_TOKENS,
    "output_tokens": OUTPUT_TOKENS,
    "cache_read_input_tokens": CACHE_READ_TOKENS,
    "cache_creation_input_tokens": CACHE_CREATION_TOKENS,
}


class Present(msgspec.Struct, frozen=True, gc=False):
    """Of the names of each thing those that a span has: of texts and counts of a call of a model by their columns."""

    texts: tuple[tuple[str, _Names], ...]
    counts: tuple[tuple[str, _Names], ...]
    cost: _Names
    streams: _Names
    first_token: _Names
    conversation: _Names
    user: _Names
    status: _Names


_NAMES = (COST, STREAMS, FIRST_TOKEN, CONVERSATION, USER, (*STATUS, "error.type"))
_MAX_SHAPES = 256
_MAX_SHAPE_LENGTH = 4096
_shapes: dict[tuple[str, ...], Present] = {}
"""By all names that a span has: spans of one library have few such sets, and looking for sixty names takes long."""


def known_shapes() -> int:
    """Return how many sets of names are kept; from any thread."""
    return len(_shapes)


def present(found: Iterable[str]) -> Present:
    """Tell which names a span has, from all the names of its attributes."""
    shape = tuple(found)
    known = _shapes.get(shape)
    if known is None:
        known = _present(frozenset(shape))
        if sum(map(len, shape)) <= _MAX_SHAPE_LENGTH:
            if len(_shapes) >= _MAX_SHAPES:
                _shapes.clear()
            _shapes[shape] = known
    return known


def _present(there: Set[str]) -> Present:
    def among(names: _Names) -> _Names:
        return tuple(name for name in names if name in there)

    def columns(of: Mapping[str, _Names]) -> tuple[tuple[str, _Names], ...]:
        return tuple((column, found) for column, names in of.items() if (found := among(names)))

    return Present(columns(_TEXTS), columns(_COUNTS), *map(among, _NAMES))
