"""Calls of models: how long they take, what they cost, when they fail, and which model is tried next."""

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from meterd.datasets import MODEL_CALLS, ROUTING_DECISIONS
from meterd.demo.company import EMBED, LARGE, OUTAGE_PROVIDER, RELEASE_TEAM, Choice, Model, VirtualModel
from meterd.demo.facts import Fact, Request, around
from meterd.demo.story import Story

if TYPE_CHECKING:
    from meterd.datasets.rows import ModelCall

_FAILURES = Choice(
    [
        ((429, "rate_limit_exceeded"), 5.0),
        ((500, "internal_error"), 2.0),
        ((503, "overloaded"), 2.0),
        ((400, "context_length_exceeded"), 1.0),
    ]
)
_OUTAGE_FAILURES = Choice([((503, "overloaded"), 6.0), ((504, "timeout"), 3.0), ((429, "rate_limit_exceeded"), 1.0)])
_RAMP = timedelta(minutes=8)
_SIMILAR = 0.93
_CACHED = 0.36
"""Share of calls that the gateway's cache answers, of those for which it is asked."""


class Outcome(NamedTuple):
    """What calls of models came to: their facts, the milliseconds until then, and whether the last one failed."""

    facts: list[Fact]
    elapsed: float
    is_failure: bool


class ModelCalls:
    """Makes the facts of model calls."""

    def __init__(self, random: Random, story: Story) -> None:
        self._random = random
        self._story = story

    def call(self, request: Request, model: Model | VirtualModel, after: float) -> Outcome:
        """Call a model, or those of a virtual model until one answers."""
        if isinstance(model, Model):
            fact, latency, failed = self._attempt(request, model, after, None)
            return Outcome([fact], after + latency, failed)
        facts: list[Fact] = []
        elapsed = after
        for number, target in enumerate(model.targets, 1):
            fact, latency, failed = self._attempt(request, target, elapsed, (model, number))
            facts.append(fact)
            elapsed += latency
            if not failed:
                break
        facts.append(self._virtual(request, model, after, elapsed, facts[-1]))
        facts.append(self._decision(request, model, after, number, target, failed))
        return Outcome(facts, elapsed, failed)

    def _attempt(
        self, request: Request, model: Model, after: float, virtual: tuple[VirtualModel, int] | None
    ) -> tuple[Fact, float, bool]:
        """Return a call of one model, its latency, and whether it failed."""
        row = MODEL_CALLS.row_type(
            **request.columns(after),
            model_name=model.name,
            model_id=f"{model.provider}/{model.name}",
            requested_model_name=virtual[0].name if virtual else model.name,
            virtual_model_target_attempt=virtual[1] if virtual else None,
            provider_model_name=f"{model.name}-2026",
            provider_account_type=model.provider,
            request_type="embedding" if model is EMBED else "chat",
        )
        trouble = self._trouble(request, model)
        self._look_up(row, request, model)
        failed = not row.cache_hit and self._random.random() < 0.006 + 0.45 * trouble
        latency = self._fail(row, trouble) if failed else self._answer(row, model, 1 + 6 * trouble)
        row.is_failure, row.latency_ms = failed, latency
        return Fact(MODEL_CALLS, row), latency, failed

    def _fail(self, row: "ModelCall", trouble: float) -> float:
        causes = _OUTAGE_FAILURES if trouble else _FAILURES
        row.http_status_code, row.error_code = causes.draw(self._random)
        if row.error_code == "timeout":
            row.error_type = "TimeoutError"
            return 12_000.0
        row.error_type = "APIStatusError"
        return around(self._random, 380 * (1 + 2 * trouble))

    def _answer(self, row: "ModelCall", model: Model, slowness: float) -> float:
        sent, received = self._tokens(model)
        cached = int(sent * 0.6) if model is not EMBED and self._random.random() < 0.3 else 0
        row.http_status_code, row.input_tokens, row.output_tokens = 200, sent, received
        row.cache_read_input_tokens = cached
        price = _price(model, sent, cached, received)
        if row.cache_hit:
            row.potential_cost_savings, row.streaming = price, False
            row.cost_in_usd = None if price is None else 0.0
            return around(self._random, 32)
        row.cost_in_usd = price
        first = around(self._random, model.first_token * slowness)
        latency = round(first + received * around(self._random, model.output_token * slowness, 0.25), 2)
        row.streaming = model is not EMBED and self._random.random() < 0.62
        if row.streaming:
            row.time_to_first_token_ms = first
            row.inter_token_latency_ms = round((latency - first) / max(received - 1, 1), 3)
        return latency

    def _trouble(self, request: Request, model: Model) -> float:
        return self._story.outage.share(request.at, _RAMP) if model.provider == OUTAGE_PROVIDER else 0.0

    def _tokens(self, model: Model) -> tuple[int, int]:
        if model is EMBED:
            return max(1, int(self._random.lognormvariate(5.4, 0.6))), 0
        return max(8, int(self._random.lognormvariate(8.4, 0.9))), max(1, int(self._random.lognormvariate(5.4, 0.5)))

    def _look_up(self, row: "ModelCall", request: Request, model: Model) -> None:
        """Ask the gateway's cache, which it does for some models; a team's new prompts are not in it."""
        if model in (EMBED, LARGE) or self._random.random() > 0.7:
            return
        released = request.person.team == RELEASE_TEAM and self._story.release.share(request.at) > 0
        hit = self._random.random() < (0.04 if released else _CACHED)
        row.cache_type, row.cache_namespace = "semantic", request.person.team
        row.cache_hit, row.cache_lookup_status = hit, "hit" if hit else "miss"
        row.cache_lookup_latency_ms = around(self._random, 11)
        row.semantic_cache_similarity_threshold = _SIMILAR
        score = self._random.uniform(_SIMILAR, 1) if hit else self._random.uniform(0.4, _SIMILAR)
        row.semantic_cache_similarity_score = round(score, 4)

    def _virtual(self, request: Request, model: VirtualModel, after: float, elapsed: float, last: Fact) -> Fact:
        """Make the fact of the virtual model itself, which has the outcome of the model that answered."""
        answered = last.row
        row = MODEL_CALLS.row_type(
            **request.columns(after),
            model_name=model.name,
            virtual_model_name=model.name,
            virtual_model_slug=model.name,
            virtual_model_id=f"vm-{model.name}",
            requested_model_name=model.name,
            request_type="chat",
            latency_ms=round(elapsed - after, 2),
        )
        for name in ("http_status_code", "is_failure", "error_code", "error_type", "streaming"):
            setattr(row, name, getattr(answered, name))
        for name in ("input_tokens", "output_tokens", "cost_in_usd", "provider_model_name"):
            setattr(row, name, getattr(answered, name))
        return Fact(MODEL_CALLS, row)

    def _decision(
        self, request: Request, model: VirtualModel, after: float, attempts: int, target: Model, failed: bool
    ) -> Fact:
        row = ROUTING_DECISIONS.row_type(
            **request.columns(after),
            config_type="loadbalance",
            rule_id=model.rule,
            requested_model=model.name,
            target_model=target.name,
            loadbalance_type="priority",
            loadbalance_first_target=model.targets[0].name,
            loadbalance_final_target=target.name,
            loadbalance_target_attempt_count=attempts,
            status="failure" if failed else "allowed",
        )
        return Fact(ROUTING_DECISIONS, row)


def _price(model: Model, sent: int, cached: int, received: int) -> float | None:
    """Return the price in US dollars, of which cached input costs a tenth; None where it is unknown."""
    if model.input_price is None or model.output_price is None:
        return None
    full = sent - cached + cached / 10
    return round((full * model.input_price + received * model.output_price) / 1e6, 8)
