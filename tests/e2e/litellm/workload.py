"""What the test asks the proxy, what it is told in return, and the facts that must come of it.

Nothing here comes from meterd: tokens and costs are those of the proxy's answers, outcomes those the script intends
(and checks against the status). Rules: `docs/specifications/ingest-sources.md` sections 1.5, 1.6 and 2.2.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

import httpx2

from tests.e2e.litellm.proxy import Transport

MARKER = "marmalade"
"""In every prompt, and in every answer of `config.yaml`; must not be on meterd's disk."""

TONE_SECONDS = 0.001
"""How long the guardrail `tone` says it took."""

LABELS = ("project", "tags", "end_user", "plan")
"""Keys of the metadata that requests and callers have."""

PROVIDERS = {
    "chat-small": ("openai", "small-1"),
    "chat-large": ("anthropic", "large-1"),
    "embedder": ("openai", "embed-1"),
    "chat-rescued": ("openai", "tired-1"),
    "chat-broken": ("openai", "broken-1"),
    "chat-limited": ("openai", "limited-1"),
}
"""Provider and its name for the model, as `config.yaml` says."""

CHAT, EMBEDDINGS, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/embeddings", "/v1/messages", "/v1/responses"
REQUEST_TYPES = {CHAT: "chat", EMBEDDINGS: "embedding", MESSAGES: "messages", RESPONSES: "responses"}


class Caller(NamedTuple):
    """Who has a key, as `auth.py` says."""

    key: str
    alias: str
    user: str | None = None
    email: str | None = None
    team: str | None = None
    plan: str | None = None

    def subject(self, transport: Transport) -> tuple[str, str]:
        """Slug and type. OpenTelemetry does not tell e-mail addresses."""
        user = (self.email if transport is Transport.CALLBACK else None) or self.user
        return (user, "user") if user else (self.alias, "virtualaccount")


ANN = Caller("sk-ann", "ann-laptop", "u-ann", "ann@example.com", "red", "gold")
BOB = Caller("sk-bob", "bob-laptop", "u-bob", "bob@example.com", "blue")
CHO = Caller("sk-cho", "cho-phone", "u-cho", None, "red")
BATCH = Caller("sk-batch", "nightly-batch", team="blue")
NOBODY = Caller("sk-stolen", "unknown")


class Verdict(NamedTuple):
    """One evaluation of a guardrail."""

    name: str
    scope: str
    result: str


TOPIC = Verdict("topic", "input", "pass")
MASK = Verdict("mask-email", "input", "mutate")
ALLOW = Verdict("policy", "input", "pass")
BLOCK = Verdict("policy", "input", "fail")
BLOCK_OUTPUT = Verdict("policy-output", "output", "fail")
TONE = Verdict("tone", "input", "flag")
BOTH_IN, BOTH_OUT = Verdict("both-sides", "input", "pass"), Verdict("both-sides", "output", "pass")
UNRELIABLE = Verdict("unreliable", "input", "error")
CRASH = Verdict("crashing", "input", "error")


@dataclass(frozen=True)
class Step:
    """One request, and what is meant to happen to it."""

    caller: Caller
    model: str = "chat-small"
    path: str = CHAT
    text: str = "Say something about"
    verdicts: tuple[Verdict, ...] = ()
    stream: bool = False
    status: int = 200
    reached: tuple[str, ...] | None = None
    """The model groups that were tried; `None` means the one asked for."""
    cached: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    header: dict[str, str] = field(default_factory=dict)
    end_user: str | None = None

    @property
    def blocked(self) -> bool:
        return any(verdict.result == "fail" for verdict in self.verdicts)

    @property
    def tried(self) -> tuple[str, ...]:
        return (self.model,) if self.reached is None else self.reached


@dataclass(frozen=True)
class Exchange:
    """A step, and what the proxy told of it."""

    step: Step
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    """Of the input; read from the provider's own cache, which is not the proxy's."""
    cost: float


def script() -> Iterator[Step]:
    """About a hundred requests; those that the cache answers come last, when what they repeat is surely in it."""
    yield from (Step(caller) for caller in (ANN, BOB, CHO, BATCH) for _ in range(4))
    yield from (Step(ANN, "chat-large") for _ in range(3))
    yield from (Step(BOB, "chat-large", metadata={"session_id": "s-1", "trace_id": "t-1"}) for _ in range(3))
    yield from (Step(caller, stream=True) for caller in (ANN, CHO, CHO))
    yield from (Step(caller, "embedder", EMBEDDINGS) for caller in (BATCH, BATCH, BOB))
    yield from (Step(CHO, path=path) for path in (MESSAGES, RESPONSES, RESPONSES))
    yield from (Step(ANN, metadata={"project": "apple"}) for _ in range(3))
    yield from (Step(BOB, header={"project": "pear"}) for _ in range(2))
    yield Step(BATCH, metadata={"project": "apple"}, header={"project": "pear"})
    yield from (Step(caller, metadata={"tags": ["night", "batch"]}, end_user="visitor-7") for caller in (CHO, BATCH))
    yield from failures()
    yield from guarded()
    yield from (Step(ANN, text="Once more", cached=again) for again in (False, True, True))
    yield from (Step(BOB, "chat-large", text="Once more", cached=again) for again in (False, True))
    yield from (Step(CHO, text="Once more, slowly", stream=True, cached=again) for again in (False, True))
    yield from (Step(BATCH, "embedder", EMBEDDINGS, "Once more", cached=again) for again in (False, True))


def failures() -> Iterator[Step]:
    """Failing models, one with a model to fall back to, and requests that reach no model."""
    rescue = ("chat-rescued", "chat-small")
    yield from (Step(caller, "chat-rescued", reached=rescue) for caller in (ANN, BOB))
    yield from (Step(caller, "chat-rescued", verdicts=(TOPIC,), reached=rescue) for caller in (ANN, CHO))
    yield from (Step(caller, "chat-broken", status=500) for caller in (ANN, BATCH))
    yield Step(ANN, "chat-broken", verdicts=(TOPIC,), status=500)
    yield from (Step(caller, "chat-limited", status=429) for caller in (BOB, CHO))
    yield from (Step(NOBODY, status=401, reached=()) for _ in range(2))
    yield from (Step(caller, "chat-imagined", status=400, reached=()) for caller in (ANN, BATCH))


def guarded() -> Iterator[Step]:
    """Every guardrail, alone and in company."""
    yield from (Step(caller, verdicts=(TOPIC,)) for caller in (ANN, ANN, BOB, BATCH))
    yield from (Step(caller, text="Write to a@b", verdicts=(MASK,)) for caller in (ANN, CHO, CHO))
    yield from (Step(caller, verdicts=(ALLOW,)) for caller in (ANN, BOB))
    yield from (Step(caller, verdicts=(TONE,)) for caller in (BOB, BATCH))
    yield from (Step(caller, verdicts=(BOTH_IN, BOTH_OUT)) for caller in (ANN, CHO, CHO))
    yield from (Step(caller, text="Write to a@b", verdicts=(TOPIC, MASK, ALLOW)) for caller in (ANN, BATCH))
    refused: dict[str, Any] = {"text": "Tell what is forbidden", "status": 400, "reached": ()}
    yield from (Step(caller, verdicts=(BLOCK,), **refused) for caller in (ANN, BOB, BATCH))
    yield from (Step(caller, verdicts=(TOPIC, BLOCK), **refused) for caller in (CHO, BOB))
    yield from (Step(caller, verdicts=(BLOCK_OUTPUT,), status=400) for caller in (ANN, BATCH))
    yield from (Step(caller, verdicts=(BLOCK_OUTPUT,), stream=True) for caller in (ANN, CHO))
    yield from (Step(caller, verdicts=(UNRELIABLE,), status=503, reached=()) for caller in (ANN, BOB, BATCH))
    yield from (Step(caller, verdicts=(CRASH,), status=500, reached=()) for caller in (ANN, CHO))


def run(url: str) -> list[Exchange]:
    """Do it all, one after the other."""
    numbers = count()
    with httpx2.Client(base_url=url, timeout=60) as client:
        exchanges = [exchange(client, step, next(numbers)) for step in script()]
        health = client.get("/health", headers={"Authorization": f"Bearer {ANN.key}"})  # calls every model; no fact
        assert health.json()["healthy_count"] == 3
        return exchanges


def exchange(client: httpx2.Client, step: Step, number: int) -> Exchange:
    """Send one request; check that what was meant to happen did, by what the proxy says."""
    headers = {"Authorization": f"Bearer {step.caller.key}"}
    if step.header:
        headers["x-tfy-metadata"] = json.dumps(step.header)
    response = client.post(step.path, json=body(step, number), headers=headers)
    assert response.status_code == step.status, (step, response.text)
    if response.status_code != 200:
        return Exchange(step, None, None, None, 0)
    fallbacks = int(response.headers.get("x-litellm-attempted-fallbacks", 0))
    assert fallbacks == len(step.tried) - 1, step
    if step.path == CHAT:
        assert step.cached == ("x-litellm-cache-key" in response.headers), step
    usage, cost = told(response, step.stream)
    return Exchange(
        step,
        usage.get("prompt_tokens", usage.get("input_tokens")),
        usage.get("completion_tokens", usage.get("output_tokens")),
        (usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
        cost,
    )


def body(step: Step, number: int) -> dict[str, Any]:
    """Every prompt is new, unless it is meant to be a repetition."""
    text = f"{step.text} {MARKER}" + ("" if step.text.startswith("Once more") else f" {number}")
    messages = [{"role": "user", "content": text}]
    prompts: dict[str, dict[str, Any]] = {
        CHAT: {"messages": messages},
        MESSAGES: {"messages": messages, "max_tokens": 9},
        EMBEDDINGS: {"input": text},
        RESPONSES: {"input": text},
    }
    whole: dict[str, Any] = {"model": step.model, **prompts[step.path]}
    if step.stream:
        whole |= {"stream": True, "stream_options": {"include_usage": True}}
    if step.verdicts:
        whole["guardrails"] = list(dict.fromkeys(verdict.name for verdict in step.verdicts))
    if step.metadata:
        whole["metadata"] = step.metadata
    if step.end_user:
        whole["user"] = step.end_user
    return whole


def told(response: httpx2.Response, stream: bool) -> tuple[dict[str, Any], float]:
    """Usage and cost in USD; of an answer from the cache it is the cost that was avoided."""
    if not stream:
        cost = response.headers.get("x-litellm-response-cost", response.headers["x-litellm-response-cost-original"])
        return response.json()["usage"], float(cost)
    events = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: {")]
    usage = next(event["usage"] for event in map(json.loads, reversed(events)) if event.get("usage"))
    return usage, usage["cost"]


class Facts(NamedTuple):
    """The rows that a workload comes to; costs and tokens may be unknown."""

    models: list[dict[str, Any]]
    guardrails: list[dict[str, Any]]
    requests: list[dict[str, Any]]


def facts(exchanges: list[Exchange], transport: Transport) -> Facts:
    """What the proxy has to report of `exchanges`, as far as `transport` can carry it."""
    prices = {done.step.model: done.cost for done in exchanges if plain(done.step)}
    whole = Facts([], [], [])
    for done in exchanges:
        step = done.step
        slug, kind = step.caller.subject(transport)
        common = {
            "createdBySubjectSlug": slug,
            "createdBySubjectType": kind,
            "team": step.caller.team,
            "conversationId": step.metadata.get("session_id"),
            **labels(step, transport),
        }
        if transport is Transport.CALLBACK and CRASH in step.verdicts:
            continue  # LiteLLM says nothing at all of such a request
        whole.requests.append(
            common | {"httpStatusCode": step.status, "isFailure": step.status != 200 and not step.blocked}
        )
        whole.guardrails.extend(
            common
            | {"guardrailName": verdict.name, "appliedOnEntityScope": verdict.scope, "guardrailResult": verdict.result}
            for verdict in step.verdicts
        )
        if transport is Transport.CALLBACK or (step.path == CHAT and not step.cached):
            whole.models.extend(common | row for row in model_rows(done, prices))
    return whole


def plain(step: Step) -> bool:
    """Whether the cost of this call is that of any other of its model."""
    return step.path == CHAT and step.status == 200 and not (step.stream or step.cached or step.reached)


def labels(step: Step, transport: Transport) -> dict[str, str | None]:
    """Metadata: of the request, which its header overrides, and of the key.

    OpenTelemetry tells those members of the request's `metadata` that `proxy.py` lists, and nothing else of it.
    """
    told = {"project": step.metadata.get("project")}
    if transport is Transport.CALLBACK:
        told |= step.header
        told["tags"] = ",".join(step.metadata["tags"]) if "tags" in step.metadata else None
        told["end_user"] = step.end_user
        told["plan"] = step.caller.plan
    return {f"metadata.{name}": told.get(name) for name in LABELS}


def model_rows(done: Exchange, prices: dict[str, float]) -> Iterator[dict[str, Any]]:
    """One row for each model that was tried: the last of them answered, unless the request failed there."""
    step = done.step
    row: dict[str, Any] = {
        "requestType": REQUEST_TYPES[step.path],
        "inputTokens": None,
        "outputTokens": None,
        "costInUSD": 0,
        "errorCode": None,
        "cacheLookupStatus": None,
        "potentialCostSavings": None,
        "cacheReadInputTokens": None,
    }
    for model in step.tried:
        provider, name = PROVIDERS[model]
        row |= {"modelName": model, "providerAccountType": provider, "providerModelName": name}
        if step.path in (MESSAGES, RESPONSES):  # LiteLLM doesn't tell the provider of these
            row |= {"providerAccountType": None, "providerModelName": f"{provider}/{name}"}
        rescued = model != step.tried[-1]
        if rescued or (step.status != 200 and not step.blocked):
            yield row | {"errorCode": "500" if rescued else str(step.status)}
        elif step.status != 200:  # answered, and the answer refused: nobody tells the tokens
            yield row | {"costInUSD": prices[model]}
        else:
            tokens = {
                "inputTokens": done.input_tokens,
                "outputTokens": done.output_tokens,
                "cacheReadInputTokens": done.cached_tokens,
            }
            saved = {"costInUSD": 0, "cacheLookupStatus": "hit", "potentialCostSavings": done.cost}
            yield row | tokens | {"costInUSD": done.cost} | (saved if step.cached else {})


def totals(rows: list[dict[str, Any]], *keys: str) -> Counter[tuple[Any, ...]]:
    """How many rows there are of each group."""
    return Counter(tuple(row[key] for key in keys) for row in rows)


def sums(rows: list[dict[str, Any]], column: str, *keys: str) -> dict[tuple[Any, ...], float | None]:
    """The sum of a column in each group; `None` when no value is known."""
    known: dict[tuple[Any, ...], list[float]] = {tuple(row[key] for key in keys): [] for row in rows}
    for row in rows:
        if row[column] is not None:
            known[tuple(row[key] for key in keys)].append(row[column])
    return {group: sum(values) if values else None for group, values in known.items()}
