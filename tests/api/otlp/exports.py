"""Export requests in both encodings from one description, and what they become.

A description is a document in OTLP's JSON encoding. Its protobuf form is made by protobuf's own JSON parser.
"""

import base64
import itertools
import json
import math
from collections import Counter
from typing import Any

from google.protobuf import json_format

from meterd.access import Caller, Scope, SubjectType
from meterd.api.otlp.decoding import decode
from meterd.api.otlp.messages import LOGS, METRICS, TRACES, Signal
from meterd.api.otlp.points import add_points
from meterd.api.otlp.traces import add_traces
from meterd.ingest.reports import Report
from meterd.settings import Ingest, Otlp

Document = dict[str, Any]

JSON, PROTOBUF = "application/json", "application/x-protobuf"
ENCODINGS = (JSON, PROTOBUF)

INTERNAL, SERVER, CLIENT = 1, 2, 3
START = 1_790_000_000_000_000_000
"""When spans begin and points were taken, in nanoseconds since 1970: 2026-09-21T14:13:20Z."""
SECOND = 10**9

CALLER = Caller("acme", "ann", SubjectType.USER, ("red",), scopes=frozenset({Scope.INGEST}))
GATEWAY = Caller("acme", "proxy", SubjectType.VIRTUAL_ACCOUNT, (), scopes=frozenset(Scope))

_IDS = ("traceId", "spanId", "parentSpanId")
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_numbers = itertools.count(1)


def value(of: Any) -> Document:
    """An attribute's value; None for one that has none."""
    match of:
        case None:
            return {}
        case bool():
            return {"boolValue": of}
        case int():
            return {"intValue": str(of)}
        case float():
            return {"doubleValue": of if math.isfinite(of) else _NOT_FINITE[str(of)]}
        case list():
            return {"arrayValue": {"values": [value(each) for each in of]}}
        case dict():
            return {"kvlistValue": {"values": attributes(of)}}
    return {"stringValue": of}


def attributes(of: dict[str, Any]) -> list[Document]:
    return [{"key": name, "value": value(each)} for name, each in of.items()]


def span(own: dict[str, Any] | None = None, **members: Any) -> Document:
    """A CLIENT span of two seconds with ids of its own."""
    number = next(_numbers)
    return {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "span",
        "kind": CLIENT,
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 2 * SECOND),
        "attributes": attributes(own or {}),
        **members,
    }


def chat(own: dict[str, Any] | None = None, **members: Any) -> Document:
    """A span of a model call."""
    return span({"gen_ai.operation.name": "chat", "gen_ai.request.model": "small-1", **(own or {})}, **members)


def traces(*spans: Any, scope: str = "client", resource: dict[str, Any] | None = None) -> Document:
    """A trace export of one scope."""
    scoped = {"scope": {"name": scope}, "spans": list(spans)}
    return {"resourceSpans": [{"resource": {"attributes": attributes(resource or {})}, "scopeSpans": [scoped]}]}


def together(*exports: Document) -> Document:
    """One export of several, each with its resource and scope."""
    whole: Document = {}
    for export in exports:
        for name, parts in export.items():
            whole.setdefault(name, []).extend(parts)
    return whole


def point(own: dict[str, Any] | None = None, **members: Any) -> Document:
    return {
        "attributes": attributes(own or {}),
        "startTimeUnixNano": str(START - 60 * SECOND),
        "timeUnixNano": str(START),
        **members,
    }


def metrics(
    kind: str,
    *points: Any,
    name: str = "requests",
    unit: str = "1",
    scope: str = "client",
    resource: dict[str, Any] | None = None,
    **data: Any,
) -> Document:
    """A metric export of one metric; `kind` and `data` as in OTLP's JSON, such as `sum` with `isMonotonic`."""
    metric = {"name": name, "unit": unit, kind: {"dataPoints": list(points), **data}}
    scoped = {"scope": {"name": scope}, "metrics": [metric]}
    return {"resourceMetrics": [{"resource": {"attributes": attributes(resource or {})}, "scopeMetrics": [scoped]}]}


def logs(*records: Any) -> Document:
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}


def encoded(document: Document, encoding: str) -> bytes:
    """The document as a body in one of the `ENCODINGS`."""
    if encoding == JSON:
        return json.dumps(document).encode()
    signal = next(
        signal
        for name, signal in (("resourceSpans", TRACES), ("resourceMetrics", METRICS), ("resourceLogs", LOGS))
        if name in document or not document
    )
    message = json_format.ParseDict(_with_base64_ids(document), signal.protobuf(), ignore_unknown_fields=True)
    return message.SerializeToString()


def _with_base64_ids(of: Any) -> Any:
    if isinstance(of, list):
        return [_with_base64_ids(each) for each in of]
    if isinstance(of, dict):
        return {
            name: base64.b64encode(bytes.fromhex(each)).decode() if name in _IDS else _with_base64_ids(each)
            for name, each in of.items()
        }
    return of


def decoded(signal: Signal, document: Document, encoding: str) -> Any:
    """The request as the service reads it."""
    return decode(signal, encoded(document, encoding), encoding == JSON)[0]


def read_traces(
    document: Document,
    encoding: str = PROTOBUF,
    caller: Caller = CALLER,
    metadata: tuple[str, ...] = (),
    left_out: Counter[str] | None = None,
) -> tuple[dict[str, list[Document]], Document]:
    """Facts of a trace export by dataset, as the journal gets them, and what is rejected by reason."""
    report = Report(caller, Ingest(), 2**20)
    request, damage = decode(TRACES, encoded(document, encoding), encoding == JSON)
    counted = Counter[str]() if left_out is None else left_out
    rejected, _ = add_traces(report, request, metadata, counted)
    return _facts(report), dict(rejected + damage.rejected)


def read_points(
    document: Document, encoding: str = PROTOBUF, allowed: tuple[str, ...] = Otlp().point_attributes
) -> tuple[list[Document], Document]:
    """Points of a metric export, as the journal gets them, and what is rejected by reason."""
    report = Report(CALLER, Ingest(), 2**20)
    request, damage = decode(METRICS, encoded(document, encoding), encoding == JSON)
    rejected = add_points(report, request, frozenset(allowed))
    return _facts(report).get("otlp_points", []), dict(rejected + damage.rejected)


def only(facts: dict[str, list[Document]], dataset: str) -> Document:
    """The one fact there is, which belongs to the dataset."""
    assert {name: len(rows) for name, rows in facts.items()} == {dataset: 1}
    return facts[dataset][0]


def _facts(report: Report) -> dict[str, list[Document]]:
    return {
        facts.dataset: [json.loads(line) for line in facts.lines.splitlines()]
        for facts in report.facts()
        if facts.count
    }
