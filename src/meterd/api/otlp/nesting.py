"""One call seen by two libraries: spans of one operation within one another (`docs/decisions/0031-nested-spans.md`).

A library that calls another one, and both trace: an agent library above a client library, a client library above what
an instrumentation adds, MCP libraries above one another. The outermost span is the call. Between the two there may be
spans that are no fact, such as chains and HTTP requests; a tool, an agent or another fact between them makes another
call of it.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from meterd.api.otlp.attributes import RESPONSE_ID
from meterd.api.otlp.recognition import Kind, Recognised
from meterd.api.otlp.spans import Span
from meterd.datasets import MODEL_CALLS, Dataset
from meterd.datasets.merging import merge

if TYPE_CHECKING:
    from meterd.datasets.rows import Row

_MAX_BETWEEN = 64
"""Spans between two of the same operation that are looked through."""
_GENERATION = frozenset({"chat", "completion", "generate_content", "messages", "responses"})


class Label(NamedTuple):
    """What must be the same of two spans of one call: the operation, and the name of what was asked if it is known."""

    operation: str
    name: str | None
    scope: str


class SpanFact(msgspec.Struct, gc=False):
    """A fact with the span that it comes from; without a label it is never a part of another one."""

    span: Span
    dataset: Dataset
    row: "Row"
    label: Label | None

    @property
    def key(self) -> tuple[str, str]:
        return self.span.trace_id, self.span.span_id


def label_of(span: Span, recognised: Recognised, row: Any) -> Label | None:  # of which dataset, its kind says
    """Return what the span must share with another one to be the same call."""
    match recognised.kind:
        case Kind.MODEL:
            type_ = recognised.request_type or ""
            return Label("generation" if type_ in _GENERATION else type_, None, span.scope)
        case Kind.AGENT | Kind.A2A:
            return Label(recognised.kind, row.agent_name, span.scope)
        case Kind.MCP:
            return Label(f"mcp {row.method}", row.tool_name, span.scope)
        case Kind.GUARDRAIL:
            return Label(recognised.kind, row.guardrail_name, span.scope)
    return None


def is_same(outer: Label, inner: Label) -> bool:
    """Tell whether two spans, one within the other, are of one call."""
    if outer.operation == Kind.AGENT and inner.operation == Kind.A2A:
        return True  # the message by which the agent is asked
    if outer.operation == Kind.A2A and inner.operation == Kind.AGENT:
        return outer.name == inner.name and inner.name is not None
    if outer.operation != inner.operation:
        return False
    if outer.operation == Kind.AGENT:  # unnamed ones may be parts of one another
        is_unnamed = inner.name is None and outer.scope != inner.scope
        return is_unnamed or (outer.name == inner.name and inner.name is not None)
    if outer.operation == Kind.GUARDRAIL:
        return outer.name == inner.name
    return outer.name == inner.name or outer.name is None or inner.name is None


class Nesting:
    """The spans of one export, as far as one is within another.

    Args:
        facts: the facts of the export.
        others: all other spans, with True for those that may stand between two spans of one call.
    """

    def __init__(self, facts: Sequence[SpanFact], others: Iterable[tuple[Span, bool]]) -> None:
        self._facts = facts
        self._by_key = {fact.key: fact for fact in facts}
        self._others = {(span.trace_id, span.span_id): (span, is_between) for span, is_between in others}

    def merged(self) -> list[SpanFact]:
        """Return the facts that are calls of their own, with what those within them know."""
        outers = {id(fact): outer for fact in self._facts if (outer := self._outermost(fact)) is not None}
        outers |= self._answers(outers)
        for fact in self._facts:
            if (outer := outers.get(id(fact))) is not None:
                merge(fact.dataset, outer.row, fact.row)
        return [fact for fact in self._facts if id(fact) not in outers]

    def _outermost(self, fact: SpanFact) -> SpanFact | None:
        """Return the outermost fact that the fact is a part of; None when there is none, or when it has no end."""
        seen = {id(fact)}
        found, outer = fact, self._outer(fact)
        while outer is not None:
            if id(outer) in seen:
                return None
            seen.add(id(outer))
            found, outer = outer, self._outer(outer)
        return None if found is fact else found

    def _outer(self, fact: SpanFact) -> SpanFact | None:
        around = self.around(fact)
        if isinstance(around, SpanFact) and around.label and fact.label and is_same(around.label, fact.label):
            return around
        return None

    def around(self, fact: SpanFact) -> "SpanFact | str | None":
        """Return the nearest fact around a fact, or the id of the span that would tell and is not in the export."""
        trace, parent = fact.span.trace_id, fact.span.parent_id
        for _ in range(_MAX_BETWEEN):
            if parent is None:
                return None
            if (found := self._by_key.get((trace, parent))) is not None:
                return found
            span, is_between = self._others.get((trace, parent), (None, True))
            if span is None:
                return parent
            if not is_between:
                return None
            parent = span.parent_id
        return None

    def _answers(self, parts: dict[int, SpanFact]) -> dict[int, SpanFact]:
        """Find calls of models that two libraries traced apart: with the same answer, one in the time of the other."""
        found: dict[int, SpanFact] = {}
        by_answer: dict[str, SpanFact] = {}
        for fact in self._facts:
            answer = fact.span.text(*RESPONSE_ID) if fact.dataset is MODEL_CALLS and id(fact) not in parts else None
            if answer is None or fact.label is None:
                continue
            other = by_answer.setdefault(answer, fact)
            if other is fact:
                continue
            outer, inner = (other, fact) if _is_within(fact.span, other.span) else (fact, other)
            if _is_within(inner.span, outer.span) and _are_alike(outer, inner):
                found[id(inner)] = by_answer[answer] = outer
        return found


def _is_within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _are_alike(one: SpanFact, other: SpanFact) -> bool:
    """Tell whether two libraries say the same of a call. One library that repeats an id means two calls."""
    if one.label is None or other.label is None or one.label.scope == other.label.scope:
        return False
    names = ("model_name", "input_tokens", "output_tokens")
    values = [(getattr(one.row, name), getattr(other.row, name)) for name in names]
    return one.label.operation == other.label.operation and all(a == b or a is None or b is None for a, b in values)
