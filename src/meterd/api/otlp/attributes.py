"""Names under which libraries send the same thing, the current name of the GenAI conventions first.

After it come names of earlier conventions, of Semantic Kernel, Traceloop, pydantic-ai, the Vercel AI SDK and
OpenInference.
"""

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
