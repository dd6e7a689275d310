"""One call seen by two libraries: spans of one operation within one another (`docs/decisions/0031-nested-spans.md`).

A library that calls another one, and both trace: an agent library above a client library, a client library above what
an instrumentation adds, MCP libraries above one another. The outermost span is the call. Between the two there may be
spans that are no fact, such as chains and HTTP requests; a tool, an agent or another fact between them makes another
call of it.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from meterd.api.otlp.attributes import RESPONSE_ID
from meterd.api.otlp.recognition import Kind, Recognised
from meterd.api.otlp.spans import Span
from meterd.datasets import MODEL_CALLS, Dataset
from meterd.datasets.merging import merge
from meterd.ingest.reports import Report
from meterd.ingest.spans import Label, Link, Place, is_same, label, microseconds

if TYPE_CHECKING:
    from meterd.datasets.rows import Row

BETWEEN = frozenset({Kind.WRAPPER, Kind.OTHER})
"""Spans that may stand between two of one call."""
_MAX_BETWEEN = 64
"""Spans between two of the same operation that are looked through."""
_GENERATION = frozenset({"chat", "completion", "generate_content", "messages", "responses"})


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
            return label(b"m", "generation" if type_ in _GENERATION else type_, None, span.scope)
        case Kind.AGENT:
            return label(b"a", "", row.agent_name, span.scope)
        case Kind.A2A:
            return label(b"2", "", row.agent_name, span.scope)
        case Kind.MCP:
            return label(b"c", row.method, row.tool_name, span.scope)
        case Kind.GUARDRAIL:
            return label(b"g", "", row.guardrail_name, span.scope)
    return None


class Nesting:
    """The spans of one export, as far as one is within another.

    Args:
        facts: the facts of the export.
        others: all other spans, and what they are.
    """

    def __init__(self, facts: Sequence[SpanFact], others: Sequence[tuple[Span, str]]) -> None:
        self._facts = facts
        self._by_key = {fact.key: fact for fact in facts}
        self._others = {(span.trace_id, span.span_id): (span, what) for span, what in others}
        self._outers: dict[int, SpanFact] = {}

    def merge(self) -> list[SpanFact]:
        """Return the facts that are calls of their own, with what those within them know."""
        inside = [fact for fact in self._facts if fact.span.parent]
        outers = {id(fact): outer for fact in inside if (outer := self._outermost(fact)) is not None}
        self._outers = outers | self._answers(outers)
        for fact in self._facts:
            if (outer := self._outers.get(id(fact))) is not None:
                merge(fact.dataset, outer.row, fact.row)
        return [fact for fact in self._facts if id(fact) not in self._outers]

    def place(self, fact: SpanFact, report: Report) -> Place | None:
        """Return where a fact is in its trace: within a span of another export, or within none that matters."""
        if fact.label is None or fact.row.ts is None:
            return None
        around = self._around(fact.span) if fact.span.parent else None
        trace = fact.span.trace_id
        return Place(
            report.span_key(trace, fact.span.span_id),
            microseconds(fact.row.ts),
            fact.label,
            trace,
            report.span_key(trace, around) if isinstance(around, str) else None,
        )

    def links(self, report: Report) -> Iterator[Link]:
        """Yield what spans of other exports may need to know of spans that are no facts, or parts of other facts."""
        for fact in self._facts:
            if (outer := self._outers.get(id(fact))) is not None and fact.span.trace_id == outer.span.trace_id:
                yield self._link(report, fact.span, outer.span.span_id, is_kept=True, place=self.place(fact, report))
        is_related = bool(self._facts) or any(what == Kind.WRAPPER for _, what in self._others.values())
        for span, what in self._others.values() if is_related else ():
            if what in BETWEEN and span.parent and (around := self._around(span)) is not None:
                is_inside = isinstance(around, SpanFact)
                nearest = around.span.span_id if isinstance(around, SpanFact) else around
                yield self._link(report, span, nearest, is_kept=is_inside or what == Kind.WRAPPER)

    def _link(self, report: Report, span: Span, around: str, *, is_kept: bool, place: Place | None = None) -> Link:
        trace = span.trace_id
        return Link(report.span_key(trace, span.span_id), report.span_key(trace, around), trace, is_kept, place)

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
        around = self._around(fact.span) if fact.label else None
        if isinstance(around, SpanFact) and around.label and fact.label and is_same(around.label, fact.label):
            return around
        return None

    def _around(self, span: Span) -> SpanFact | str | None:
        """Return the nearest fact around a span, or the id of the span that would tell and is not in the export."""
        trace, parent = span.trace_id, span.parent_id if span.parent else None
        for _ in range(_MAX_BETWEEN):
            if parent is None:
                return None
            if (found := self._by_key.get((trace, parent))) is not None:
                return found
            if (trace, parent) not in self._others:
                return parent
            other, what = self._others[trace, parent]
            if what not in BETWEEN:
                return None
            parent = other.parent_id
        return None

    def _answers(self, parts: dict[int, SpanFact]) -> dict[int, SpanFact]:
        """Find calls of models that two libraries traced apart: with the same answer, one in the time of the other."""
        found: dict[int, SpanFact] = {}
        if len({fact.span.scope for fact in self._facts}) < 2:
            return found
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
