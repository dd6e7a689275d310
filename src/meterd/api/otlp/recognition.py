"""What a span stands for, by the words of the library that sent it (`docs/specifications/ingest-sources.md`, 2.3).

Few libraries write the operations of the GenAI conventions. A call of a model is recognised by the operation or the
kind that its library writes, or by what only such a call has: a model together with counts of tokens. Spans around
calls repeat both, so what says that it is a wrapper, an agent or a tool is no call.
"""

import re
from enum import StrEnum
from functools import lru_cache

import msgspec

from meterd.api.otlp import attributes
from meterd.api.otlp.spans import CLIENT, Span


class Kind(StrEnum):
    """What a span stands for; the last ones are no facts, and are counted under these names."""

    MODEL = "model"
    GUARDRAIL = "guardrail"
    AGENT = "agent"
    MCP = "mcp"
    A2A = "a2a"
    TOOL = "tool"
    SERVER = "server"
    WRAPPER = "wrapper"
    OTHER = "other"


class Recognised(msgspec.Struct, frozen=True):
    """What a span stands for. Of a call of a model, our type of such a request, and whether its words say streaming."""

    kind: Kind
    request_type: str | None = None
    streams: bool = False


_OTHER = Recognised(Kind.OTHER)
_WRAPPER = Recognised(Kind.WRAPPER)
_TOOL = Recognised(Kind.TOOL)
_SERVER = Recognised(Kind.SERVER)
_MCP = Recognised(Kind.MCP)
_A2A = Recognised(Kind.A2A)


def _model(request_type: str, streams: bool = False) -> Recognised:
    return Recognised(Kind.MODEL, request_type, streams)


_CHAT, _COMPLETION, _EMBEDDING, _RERANK = _model("chat"), _model("completion"), _model("embedding"), _model("rerank")

_OPERATIONS = {
    "chat": _CHAT,
    "text_completion": _COMPLETION,
    "generate_content": _model("generate_content"),
    "embeddings": _EMBEDDING,
    "completion": _COMPLETION,
    "embedding": _EMBEDDING,
    "message": _model("messages"),
    "messages": _model("messages"),
    "rerank": _RERANK,
    "response": _model("responses"),
    "responses": _model("responses"),
    "chat.completions": _CHAT,  # Semantic Kernel
    "chat.streaming_completions": _model("chat", streams=True),
    "text.completions": _COMPLETION,
    "text.streaming_completions": _model("completion", streams=True),
    "apply_guardrail": Recognised(Kind.GUARDRAIL),
    "run_guardrail": Recognised(Kind.GUARDRAIL),
    "invoke_agent": Recognised(Kind.AGENT),
    "execute_tool": _TOOL,
}
"""By `gen_ai.operation.name`."""
MODEL_OPERATIONS = frozenset(name for name, known in _OPERATIONS.items() if known.kind is Kind.MODEL)

_VERCEL = {
    "ai.generateText.doGenerate": _CHAT,
    "ai.generateObject.doGenerate": _CHAT,
    "ai.streamText.doStream": _model("chat", streams=True),
    "ai.streamObject.doStream": _model("chat", streams=True),
    "ai.embed.doEmbed": _EMBEDDING,
    "ai.embedMany.doEmbed": _EMBEDDING,
    "ai.rerank.doRerank": _RERANK,
    "ai.toolCall": _TOOL,
}
_TRACELOOP_REQUESTS = {"chat": _CHAT, "completion": _COMPLETION, "embedding": _EMBEDDING, "rerank": _RERANK}

_KINDS: dict[str, dict[str, Recognised]] = {
    "ai.operationId": _VERCEL,
    "openinference.span.kind": {"LLM": _CHAT, "EMBEDDING": _EMBEDDING, "RERANKER": _RERANK, "TOOL": _TOOL},
    "langsmith.span.kind": {"llm": _CHAT, "embedding": _EMBEDDING, "tool": _TOOL},
    "langfuse.observation.type": {"generation": _CHAT, "embedding": _EMBEDDING, "tool": _TOOL},
    "traceloop.span.kind": {"tool": _TOOL},
}
"""Attributes in which libraries say what a span is. Values that are not here are of wrappers."""

_WRAPPING = re.compile(
    "agent|chain|crew|graph|handoff|memory|plan|retriev|run|session|step|swarm|task|team|thread|tool|workflow"
)
"""In an operation that is not known, tells that it is more than one call."""
_RELATED = ("gen_ai.", "ai.", "llm.", "openinference.", "traceloop.", "langfuse.", "langsmith.", "mcp.", "a2a.")


def recognise(span: Span) -> Recognised:
    """Tell what the span stands for."""
    operation = span.operation
    known = _OPERATIONS.get(operation) if operation else None
    if known is not None and known is not _TOOL:
        return known
    found = span.attributes
    if span.text("mcp.method.name"):
        return _MCP if span.kind == CLIENT else _SERVER
    if "a2a.method.name" in found:
        return _A2A
    if known is not None:
        return known
    for name, values in _KINDS.items():
        if (value := found.get(name)) is not None:
            return values.get(value, _WRAPPER) if isinstance(value, str) else _WRAPPER
    if (known := _TRACELOOP_REQUESTS.get(span.text("llm.request.type") or "")) is not None:
        return known
    if operation and _is_wrapping(operation):
        return _WRAPPER
    return _by_content(span, operation)


def _by_content(span: Span, operation: str | None) -> Recognised:
    """Recognise a call of a model by a model and counts of tokens, or an answer's id."""
    found = span.attributes
    if span.text(*attributes.REQUEST_MODEL, *attributes.RESPONSE_MODEL) and not (
        "gen_ai.agent.name" in found or "gen_ai.tool.name" in found
    ):
        if span.count(*attributes.OUTPUT_TOKENS) is not None or span.text(*attributes.RESPONSE_ID):
            return _model(operation) if operation else _CHAT
        if span.count(*attributes.INPUT_TOKENS) is not None:
            return _model(operation) if operation else _EMBEDDING
    return _WRAPPER if any(name.startswith(_RELATED) for name in found) else _OTHER


@lru_cache(maxsize=256)
def _is_wrapping(operation: str) -> bool:
    return _WRAPPING.search(operation) is not None
