"""Facts from the spans of an export."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from meterd.api.otlp import genai, litellm
from meterd.api.otlp.litellm import Trace
from meterd.api.otlp.messages import AnyMessage
from meterd.api.otlp.nesting import Nesting, SpanFact, label_of
from meterd.api.otlp.recognition import recognise
from meterd.api.otlp.spans import Rejected, Span, spans_of
from meterd.api.otlp.values import canonical
from meterd.datasets import Dataset
from meterd.ingest.reports import Report, labels

if TYPE_CHECKING:
    from meterd.datasets.rows import RowColumns


def add_traces(
    report: Report,
    request: AnyMessage,
    metadata_attributes: tuple[str, ...],
    left_out: Counter[str],
) -> tuple[Counter[str], bool]:
    """Add the facts of a trace export to the report: of spans of one call that are within one another the outermost.

    Spans that are no fact are counted in `left_out`, by what they are; that is no error. Returns how many spans are
    rejected, by reason, and whether LiteLLM sent some.
    """
    rejected: Counter[str] = Counter()
    spans: list[Span] = []
    for each in spans_of(request):
        if isinstance(each, Rejected):
            rejected[str(each)] += 1
        else:
            spans.append(each)
    export = _Export(spans, metadata_attributes)
    facts: list[SpanFact] = []
    others: list[tuple[Span, str]] = []
    for span in spans:
        try:
            fact = export.fact(report, span)
        except ValueError as error:
            rejected[f"startTimeUnixNano {error}"] += 1
            continue
        if isinstance(fact, SpanFact):
            facts.append(fact)
        else:
            left_out[fact] += 1
            others.append((span, fact))
    nesting = Nesting(facts, others)
    calls = nesting.merge()
    if len(calls) < len(facts):
        left_out[NESTED] += len(facts) - len(calls)
    for dataset, of_dataset in _by_dataset(calls).items():
        places = [nesting.place(call, report) for call in of_dataset]
        report.add(dataset, [call.row for call in of_dataset], places=places)
    report.link(nesting.links(report))
    return rejected, export.has_litellm


def _by_dataset(calls: Iterable[SpanFact]) -> dict[Dataset, list[SpanFact]]:
    found: dict[Dataset, list[SpanFact]] = {}
    for call in calls:
        found.setdefault(call.dataset, []).append(call)
    return found


GATEWAYS_OWN = "gateway"
"""Why spans of LiteLLM's are left out that tell of its own work, or of a call once more."""
NESTED = "nested"
"""Why spans are left out that are within another one of the same call."""


class _Resource(NamedTuple):
    """A resource, translated once for all its spans."""

    labels: dict[str, str]
    key: str


class _Export:
    """The spans of one export, as far as they concern each other."""

    def __init__(self, spans: Sequence[Span], metadata_attributes: tuple[str, ...]) -> None:
        self._names = metadata_attributes
        self._traces: dict[str, Trace] = {}
        self._gateways: set[str] = set()
        self._resources: dict[int, _Resource] = {}
        self._subjects: dict[str | None, RowColumns] = {}
        for span in spans:
            resource = self._resources.get(id(span.resource))
            if resource is None:
                resource = _Resource(labels(self._of_resource(span.resource)) or {}, canonical(span.resource))
                self._resources[id(span.resource)] = resource
            if span.scope == litellm.SCOPE:
                self._gateways.add(resource.key)
                litellm.note_span(span, self._traces.setdefault(span.trace_id, Trace()))

    @property
    def has_litellm(self) -> bool:
        return bool(self._gateways)

    def fact(self, report: Report, span: Span) -> SpanFact | str:
        """Return the fact that a span stands for, or why it stands for none. Raises `ValueError` about its start."""
        from_litellm = span.scope == litellm.SCOPE or "litellm.api_key.hash" in span.attributes
        if span.scope in litellm.DUPLICATE_SCOPES and self._is_gateway(span):
            return GATEWAYS_OWN
        if from_litellm:
            recognised = None
            found = litellm.facts_of(span, self._traces.get(span.trace_id) or Trace())
        else:
            recognised = recognise(span)
            found = genai.facts_of(span, recognised)
        if found is None:
            return recognised.kind if recognised else GATEWAYS_OWN
        dataset, own = found
        there = span.there
        metadata = self._of_span(span) if self._names else {}
        subject: RowColumns  # with the id of the subject, where that is known
        if from_litellm:
            subject = report.subject(*litellm.subject_of(span))
            metadata |= litellm.metadata_of(span)
        else:
            subject = self._subject(report, span.text(*there.user) if there.user else None)
        row: Any = dataset.row_type(**subject, **own)  # of which dataset, only `facts_of` knows
        row.ts = report.time(span.started)
        row.trace_id, row.span_id = span.trace_id, span.span_id
        row.metadata = self._labels(span, metadata)
        if there.conversation and row.conversation_id is None:
            row.conversation_id = span.text(*there.conversation)
        return SpanFact(span, dataset, row, label_of(span, recognised, row) if recognised else None)

    def _subject(self, report: Report, user: str | None) -> "RowColumns":
        subject = self._subjects.get(user)
        if subject is None:
            subject = report.subject(user, None, None, ()) if user else report.own_subject()
            self._subjects[user] = subject
        return subject

    def _labels(self, span: Span, metadata: dict[str, object]) -> dict[str, str] | None:
        of_resource = self._resources[id(span.resource)].labels
        return labels(of_resource | metadata) if metadata else of_resource or None

    def _is_gateway(self, span: Span) -> bool:
        return self._resources[id(span.resource)].key in self._gateways or (
            span.resource.get("service.name") == litellm.SCOPE
        )

    def _of_resource(self, resource: dict[str, object]) -> dict[str, object]:
        """Return service, environment, and what the settings name."""
        environment = resource.get("deployment.environment.name", resource.get("deployment.environment"))
        found = {"service.name": resource.get("service.name"), "deployment.environment": environment}
        return found | {name: resource[name] for name in self._names if name in resource}

    def _of_span(self, span: Span) -> dict[str, object]:
        return {name: span.attributes[name] for name in self._names if name in span.attributes}
