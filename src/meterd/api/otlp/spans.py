"""Spans of an export request, in one form for both encodings, and what they say in the GenAI conventions."""

from collections.abc import Iterator

import msgspec

from meterd.api.otlp.attributes import STATUS, Present, present
from meterd.api.otlp.messages import AnyMessage
from meterd.api.otlp.values import attributes_of, identifier, integer
from meterd.datasets import MAX_TEXT_LENGTH
from meterd.datasets.model import MAX_STATUS, MIN_STATUS
from meterd.ingest import spellings

SERVER, CLIENT = 2, 3
_ERROR = 2
_NANOSECONDS = 1e9


class Span(msgspec.Struct, frozen=True, gc=False):
    """One operation. Ids are lower-case hex, times are nanoseconds since 1970; spans share their resource.

    `there` says which of its attributes mean what.
    """

    scope: str
    resource: dict[str, object]
    trace_id: str
    span_id: str
    parent: bytes | str | None
    name: str
    kind: int
    start: int
    end: int
    has_error: bool
    attributes: dict[str, object]
    there: Present

    @property
    def latency(self) -> float:
        """Milliseconds; clocks that were set back make it 0."""
        return (self.end - self.start) / 1e6 if self.end > self.start else 0.0

    @property
    def parent_id(self) -> str | None:
        """The id of the span around it."""
        return identifier(self.parent, 8)

    @property
    def operation(self) -> str | None:
        """The GenAI operation."""
        operation = self.attributes.get("gen_ai.operation.name")
        return operation if isinstance(operation, str) else None

    @property
    def started(self) -> float:
        """Seconds since 1970. Raises `ValueError` when the span has no start."""
        if not self.start:
            raise ValueError("is missing")
        return self.start / _NANOSECONDS

    def text(self, *names: str) -> str | None:
        """Return the first of the attributes that is there, as text of the length that is stored."""
        for name in names:
            value = self.attributes.get(name)
            if value is None or value == "":
                continue
            if type(value) is not str:
                value = msgspec.json.encode(value).decode()
            return value if len(value) <= MAX_TEXT_LENGTH else value[:MAX_TEXT_LENGTH]
        return None

    def number(self, *names: str) -> float | None:
        """Return the first of the attributes that is a number, in whatever spelling."""
        for name in names:
            value = self.attributes.get(name)
            if value is not None and (found := spellings.number(value)) is not None:
                return found
        return None

    def count(self, *names: str) -> int | None:
        """Return the first of the attributes that is a whole number, not negative."""
        for name in names:
            value = self.attributes.get(name)
            if value is not None:
                found = value if type(value) is int else spellings.whole_number(value)
                if found is not None and 0 <= found < 2**63:
                    return found
        return None

    def flag(self, name: str) -> bool:
        """Tell whether the attribute is there and says yes."""
        return spellings.flag(self.attributes.get(name)) is True

    @property
    def status(self) -> int | None:
        """The HTTP status; also from an `error.type` that is one."""
        status = self.count(*STATUS)
        if status is None and (status := self.count("error.type")) is not None:
            return status if MIN_STATUS <= status <= MAX_STATUS else None
        return status


class Rejected(Exception):
    """A span or point that can't be stored, and why."""


def spans_of(request: AnyMessage) -> Iterator[Span | Rejected]:
    """Return the spans of a decoded request; of each that has no proper id, the reason to reject it."""
    for resource_spans in request.resource_spans or ():
        resource = attributes_of(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans or ():
            scope = scope_spans.scope.name or ""
            for span in scope_spans.spans or ():
                yield _span(span, scope, resource)


def _span(span: AnyMessage, scope: str, resource: dict[str, object]) -> Span | Rejected:
    trace_id = identifier(span.trace_id, 16)
    span_id = identifier(span.span_id, 8)
    if trace_id is None or span_id is None:
        name = "traceId" if trace_id is None else "spanId"
        return Rejected(f"{name} must be {'16' if trace_id is None else '8'} bytes that are not all zero")
    attributes = attributes_of(span.attributes)
    return Span(
        scope=scope,
        resource=resource,
        trace_id=trace_id,
        span_id=span_id,
        parent=span.parent_span_id,
        name=span.name or "",
        kind=span.kind or 0,
        start=integer(span.start_time_unix_nano),
        end=integer(span.end_time_unix_nano),
        has_error=span.status.code == _ERROR,
        attributes=attributes,
        there=present(attributes),
    )
