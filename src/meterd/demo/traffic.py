"""Requests to the gateway, by people, programs and agents, and the facts of each."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from meterd.datasets import GATEWAY_REQUESTS, GUARDRAIL_EVALUATIONS, MCP_CALLS, ROUTING_DECISIONS
from meterd.demo.company import (
    AGENTS,
    BEST,
    BEST_BEFORE,
    GUARDRAILS,
    MODELS,
    PEOPLE,
    RELEASE_GUARDRAIL,
    RELEASE_TEAM,
    TOOLS,
    Agent,
    Choice,
    Guardrail,
    Model,
    Person,
    VirtualModel,
)
from meterd.demo.facts import Fact, Request, around
from meterd.demo.model_calls import ModelCalls
from meterd.demo.rhythm import arrivals, pace
from meterd.demo.story import Span, Story

_ENVIRONMENTS = Choice([("production", 8.0), ("staging", 1.3), ("development", 0.7)])
_BY_AGENT = 0.22
_BLOCKED_STATUS = 400


class Traffic:
    """The requests of everybody, of which there are so many in a busy hour."""

    def __init__(self, random: Random, story: Story, busy: float) -> None:
        self._random = random
        self._story = story
        self._busy = busy
        self._models = ModelCalls(random, story)
        self._conversations: dict[str, str] = {}

    def facts(self, span: Span) -> Iterator[Fact]:
        """Yield the facts of all requests that begin in a span of time."""
        end = self._story.history.end
        for at in arrivals(self._random, span, lambda at: self._busy * pace(at, end)):
            request = self._begin(at)
            if self._random.random() < _BY_AGENT:
                yield from self._through_agent(request, AGENTS.draw(self._random))
            else:
                yield from self._plain(request)

    def _begin(self, at: datetime) -> Request:
        person = PEOPLE.draw(self._random)
        labels = {"environment": _ENVIRONMENTS.draw(self._random), "prompt": self._prompt(person, at)}
        if self._random.random() < 0.35 or person.slug not in self._conversations:
            self._conversations[person.slug] = f"conversation-{self._random.getrandbits(40):010x}"
        trace = f"{self._random.getrandbits(128):032x}"
        return Request(self._random, at, person, self._conversations[person.slug], trace, labels)

    def _prompt(self, person: Person, at: datetime) -> str:
        """Name the version of the prompts that a team uses: its new ones are taken back after a while."""
        is_new = person.team == RELEASE_TEAM and self._story.release.share(at) > 0
        return f"{person.team}-{'4.12' if is_new else '4.11'}"

    def _plain(self, request: Request) -> Iterator[Fact]:
        facts, blocked, elapsed = self._guarded(request, "input", 0)
        failed = False
        if not blocked:
            outcome = self._models.call(request, self._model(request), elapsed)
            facts += outcome.facts
            elapsed, failed = outcome.elapsed, outcome.is_failure
        if not blocked and not failed:
            after, blocked, elapsed = self._guarded(request, "output", elapsed)
            facts += after
        yield from facts
        yield from self._limits(request)
        yield self._whole(request, elapsed, failed, blocked, None)

    def _through_agent(self, request: Request, agent: Agent) -> Iterator[Fact]:
        """Make the facts of an agent's run: it calls models and tools by turns."""
        facts, blocked, elapsed = self._guarded(request, "input", 0)
        failed = False
        for _ in range(0 if blocked else self._random.randint(1, 3)):
            outcome = self._models.call(request, self._model(request), elapsed)
            facts += outcome.facts
            elapsed, failed = outcome.elapsed, outcome.is_failure
            if failed:
                break
            call = self._tool_call(request, self._random.choice(agent.servers), elapsed)
            facts.append(call)
            elapsed += getattr(call.row, "latency_ms", 0)
        yield from facts
        yield self._whole(request, elapsed, failed, blocked, agent)

    def _model(self, request: Request) -> Model | VirtualModel:
        model = MODELS[request.person.team].draw(self._random)
        return BEST_BEFORE if model is BEST and request.at < self._story.launch else model

    def _guarded(self, request: Request, scope: str, after: float) -> tuple[list[Fact], bool, float]:
        """Evaluate guardrails side by side; return their facts, whether one blocks, and when the last one is done."""
        facts: list[Fact] = []
        blocked, longest = False, 0.0
        for guardrail in GUARDRAILS:
            if guardrail.scope != scope or request.person.team not in guardrail.teams:
                continue
            result = self._verdict(request, guardrail)
            latency = around(self._random, guardrail.latency * (4 if result == "error" else 1))
            row = GUARDRAIL_EVALUATIONS.row_type(
                **request.columns(after),
                guardrail_id=f"gr-{guardrail.name.replace('/', '-')}",
                guardrail_name=guardrail.name,
                guardrail_fqn=f"guardrails/{guardrail.name}",
                latency_ms=latency,
                guardrail_result=result,
                is_failure=result == "error",
                applied_on_entity_scope=scope,
                applied_on_entity_type="model",
                provider_account_id=guardrail.provider,
            )
            facts.append(Fact(GUARDRAIL_EVALUATIONS, row))
            blocked, longest = blocked or result == "fail", max(longest, latency)
        return facts, blocked, after + longest

    def _verdict(self, request: Request, guardrail: Guardrail) -> str:
        is_suspicious = request.labels["prompt"] == f"{RELEASE_TEAM}-4.12" and guardrail.name == RELEASE_GUARDRAIL
        if is_suspicious and self._random.random() < 0.38:
            return "fail"
        return guardrail.results.draw(self._random)

    def _tool_call(self, request: Request, server: str, after: float) -> Fact:
        chance = self._random.random()
        method = "tools/call" if chance < 0.86 else "tools/list" if chance < 0.96 else "initialize"
        failed = method == "tools/call" and self._random.random() < 0.022
        row = MCP_CALLS.row_type(
            **request.columns(after),
            mcp_server_id=f"mcp-{server}",
            mcp_server_name=server,
            mcp_server_url=f"https://{server}.mcp.example.com/mcp",
            method=method,
            tool_name=self._random.choice(TOOLS[server]) if method == "tools/call" else None,
            latency_ms=around(self._random, 640 if server == "warehouse" else 130, 0.7),
            http_status_code=200,
            is_tool_call_execution_error=failed,
            is_cached=self._random.random() < 0.12,
        )
        return Fact(MCP_CALLS, row)

    def _limits(self, request: Request) -> Iterator[Fact]:
        """Apply rules of rates and budgets, to some requests."""
        team = request.person.team
        for chance, kind, rule, blocks in (
            (0.16, "ratelimit", f"ratelimit-{team}-per-minute", 0.012),
            (0.12, "budget", f"budget-{team}-monthly", 0.03 if team == "growth" else 0.0),
        ):
            if self._random.random() < chance:
                status = "blocked" if self._random.random() < blocks else "allowed"
                columns = request.columns()
                yield Fact(
                    ROUTING_DECISIONS,
                    ROUTING_DECISIONS.row_type(**columns, config_type=kind, rule_id=rule, status=status),
                )

    def _whole(self, request: Request, elapsed: float, failed: bool, blocked: bool, agent: Agent | None) -> Fact:
        row = GATEWAY_REQUESTS.row_type(
            **request.columns(),
            request_type=agent.server_type if agent else "chat",
            span_type="agent" if agent else "llm",
            request_method="POST",
            request_path=f"/agents/{agent.name}" if agent else "/v1/chat/completions",
            latency_ms=round(elapsed + self._random.uniform(2, 9), 2),
            http_status_code=502 if failed else _BLOCKED_STATUS if blocked else 200,
            is_failure=failed,
            agent_name=agent.name if agent else None,
            agent_framework=agent.framework if agent else None,
            agent_server_type=agent.server_type if agent else None,
        )
        return Fact(GATEWAY_REQUESTS, row)
