"""From the spans of an export to facts."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from meterd.api.otlp import genai, litellm
from meterd.api.otlp.litellm import Trace
from meterd.api.otlp.spans import Rejected, Span, spans_of
from meterd.ingest.reports import Report, labels

_USER = ("user.email", "enduser.id", "user.id")


def add_traces(report: Report, request: Any, metadata_attributes: tuple[str, ...]) -> Counter[str]:
    """Add the facts of a trace export to the report.

    Spans that are no fact are left out; that is no error. Returns how many spans are rejected, by reason.
    """
    rejected: Counter[str] = Counter()
    spans: list[Span] = []
    for each in spans_of(request):
        if isinstance(each, Rejected):
            rejected[str(each)] += 1
        else:
            spans.append(each)
    traces = _traces(spans)
    is_litellm = any(span.scope == litellm.SCOPE for span in spans)
    agents = frozenset(span.span_id for span in spans if span.attributes.get("gen_ai.operation.name") == "invoke_agent")
    for span in spans:
        try:
            _add(report, span, traces.get(span.trace_id), is_litellm, agents, metadata_attributes)
        except ValueError as error:
            rejected[f"startTimeUnixNano: {error}"] += 1
    return rejected


def _traces(spans: Iterable[Span]) -> dict[str, Trace]:
    """The traces that LiteLLM has a span of."""
    traces: dict[str, Trace] = {}
    for span in spans:
        if span.scope == litellm.SCOPE:
            litellm.look(span, traces.setdefault(span.trace_id, Trace()))
    return traces


def _add(
    report: Report,
    span: Span,
    trace: Trace | None,
    is_litellm: bool,
    agents: frozenset[str],
    metadata_attributes: tuple[str, ...],
) -> None:
    if is_litellm and span.scope in litellm.SEEN_TWICE:
        return
    from_litellm = span.scope == litellm.SCOPE or "litellm.api_key.hash" in span.attributes
    found = litellm.facts_of(span, trace or Trace()) if from_litellm else genai.facts_of(span, agents)
    if found is None:
        return
    dataset, own = found
    metadata = _metadata(span, metadata_attributes)
    if from_litellm:
        subject = report.subject(*litellm.subject_of(span))
        metadata |= litellm.metadata_of(span)
    else:
        user = span.text(*_USER)
        subject = report.subject(user, None, None, ()) if user else report.own_subject()
    common = {
        "ts": report.time(span.started),
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "conversation_id": span.text("gen_ai.conversation.id", "session.id"),
        "metadata": labels(metadata),
        **subject,
    }
    report.add(dataset, [dataset.row_type(**common | own)])


def _metadata(span: Span, names: tuple[str, ...]) -> dict[str, Any]:
    """Service and environment of the resource, and the attributes that the settings name."""
    resource = span.resource
    found = {
        "service.name": resource.get("service.name"),
        "deployment.environment": resource.get("deployment.environment.name", resource.get("deployment.environment")),
    }
    for name in names:
        found[name] = span.attributes.get(name, resource.get(name))
    return {name: value for name, value in found.items() if value is not None}
