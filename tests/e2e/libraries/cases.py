"""Which libraries are run, what traces them, and what their programs do."""

import shutil
from pathlib import Path
from typing import NamedTuple

from tests.e2e.libraries.model_server import CACHED, INPUT, OUTPUT

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
_OFFICIAL, _TRACELOOP = "opentelemetry-instrumentation-genai-{}", "opentelemetry-instrumentation-{}"


class Case(NamedTuple):
    """A program that uses a library.

    `tracer` is the distribution that makes the spans, `instrumentor` what switches it on, if the library does not trace
    itself. `calls`, `agents` and `tools` are what the program does: calls of models, runs of an agent, calls by MCP.
    """

    library: str
    tracer: str
    environment: str
    program: str
    instrumentor: str = ""
    calls: int = 0
    embeddings: int = 0
    agents: int = 0
    tools: int = 0
    sees_cached: bool = True

    @property
    def label(self) -> str:
        return f"{self.library}-{self.tracer}"

    @property
    def tokens(self) -> tuple[int, int, int]:
        """Of questions, of those that were cached, of answers."""
        cached = self.calls * CACHED if self.sees_cached else 0
        return (self.calls + self.embeddings) * INPUT, cached, self.calls * OUTPUT

    @property
    def home(self) -> Path:
        """The environment that has the library."""
        return ROOT / ".venv" / self.environment

    @property
    def command(self) -> list[str]:
        """What runs the program; one of JavaScript is copied to where its libraries are, and exports by itself."""
        if self.environment == "node":
            return ["node", str(shutil.copy(HERE / "node" / f"{self.program}.mjs", self.home))]
        program = HERE / "programs" / f"{self.program}.py"
        instrumentors = [self.instrumentor] if self.instrumentor else []
        return [str(self.home / "bin" / "python"), str(HERE / "launch.py"), str(program), *instrumentors]


CASES = (
    Case(
        "openai",
        _OFFICIAL.format("openai"),
        "libraries",
        "openai_sdk",
        "opentelemetry.instrumentation.genai.openai:OpenAIInstrumentor",
        calls=4,
        embeddings=1,
    ),
    Case(
        "openai",
        _TRACELOOP.format("openai"),
        "agents",
        "openai_sdk",
        "opentelemetry.instrumentation.openai:OpenAIInstrumentor",
        calls=4,
        embeddings=1,
    ),
    Case(
        "anthropic",
        _OFFICIAL.format("anthropic"),
        "libraries",
        "anthropic_sdk",
        "opentelemetry.instrumentation.genai.anthropic:AnthropicInstrumentor",
        calls=2,
    ),
    Case(
        "anthropic",
        _TRACELOOP.format("anthropic"),
        "agents",
        "anthropic_sdk",
        "opentelemetry.instrumentation.anthropic:AnthropicInstrumentor",
        calls=2,
    ),
    Case(
        "langchain-openai",
        _OFFICIAL.format("langchain"),
        "libraries",
        "langchain_agent",
        "opentelemetry.instrumentation.genai.langchain:LangChainInstrumentor",
        calls=2,
    ),
    Case(
        "langchain-openai",
        _TRACELOOP.format("langchain"),
        "agents",
        "langchain_agent",
        "opentelemetry.instrumentation.langchain:LangchainInstrumentor",
        calls=2,
    ),
    Case("pydantic-ai-slim", "pydantic-ai-slim", "libraries", "pydantic_ai_agent", calls=2, agents=1),
    Case("strands-agents", "strands-agents", "agents", "strands_agent", calls=2, agents=1),
    Case("google-adk", "google-adk", "agents", "google_adk_agent", calls=2, agents=1),
    Case("semantic-kernel", "semantic-kernel", "agents", "semantic_kernel_agent", calls=2, agents=1, sees_cached=False),
    Case("fastmcp", "fastmcp", "libraries", "fastmcp_client", tools=1),
)

OUTSIDE = (Case("ai", "ai", "node", "vercel_ai", calls=3, embeddings=1),)
"""Run by `python -m tests.e2e.libraries.table` only, as their libraries take longer to install than to run."""
