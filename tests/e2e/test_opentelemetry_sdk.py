"""The OpenTelemetry SDK's own OTLP/HTTP exporters, unmodified, against a running server."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.common.http import Compression
from opentelemetry.exporter.otlp.json.http import OTLPMetricExporter as JsonMetricExporter
from opentelemetry.exporter.otlp.json.http import OTLPSpanExporter as JsonSpanExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, Tracer

from meterd.access import Scope
from tests.process import OF_ONE_NODE, Meterd, make_token

SPAN_EXPORTERS: list[Any] = [OTLPSpanExporter, JsonSpanExporter]
METRIC_EXPORTERS: list[Any] = [OTLPMetricExporter, JsonMetricExporter]
COMPRESSIONS = list(Compression)
RESOURCE = Resource({"service.name": "shop", "deployment.environment.name": "test"})


class Tenant:
    """A tenant of its own with a token to write and one to read."""

    def __init__(self, meterd: Meterd) -> None:
        self._meterd = meterd
        name = uuid.uuid4().hex
        scopes = (Scope.INGEST, Scope.INGEST_ANY_SUBJECT)
        self.token = make_token(meterd.data, "ann", tenant=name, scopes=scopes).token or ""
        self._reader = make_token(meterd.data, "reader", tenant=name, tenant_admin=True).token or ""

    @property
    def options(self) -> dict[str, Any]:
        """How an exporter is told of the token."""
        return {"headers": {"authorization": f"Bearer {self.token}"}, "timeout": 10}

    def points(self, datasource: str, *names: str, **body: Any) -> list[dict[str, Any]]:
        found = self._meterd.points(self._reader, datasource=datasource, groupBy=list(names), **body)
        return sorted(found, key=str)


@pytest.fixture
def tenant(shared: Meterd) -> Tenant:
    return Tenant(shared)


@contextmanager
def tracing(exporter: Any) -> Iterator[Tracer]:
    """A tracer whose spans are exported in batches; everything is exported on leaving."""
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_export_batch_size=16))
    try:
        yield provider.get_tracer("shop.client")
    finally:
        provider.shutdown()


@contextmanager
def metering(exporter: Any) -> Iterator[Meter]:
    """A meter whose points are exported once, on leaving."""
    view = View(
        instrument_type=Histogram,
        instrument_name="gen_ai.client.operation.duration",
        aggregation=ExponentialBucketHistogramAggregation(),
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource=RESOURCE, views=[view], shutdown_on_exit=False)
    try:
        yield provider.get_meter("shop.client")
    finally:
        provider.shutdown()


class ProviderDown(Exception):
    """What a model's provider may do to its client."""


def converse(tracer: Tracer, rounds: int) -> None:
    """An agent that asks a model, calls a tool and is watched by a guardrail."""
    for number in range(rounds):
        with tracer.start_as_current_span(
            "invoke_agent planner",
            attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"},
        ):
            guard(tracer, "deny" if number == 0 else "allow")
            ask(tracer, number)
            with tracer.start_as_current_span(
                "tools/call search",
                kind=SpanKind.CLIENT,
                attributes={
                    "mcp.method.name": "tools/call",
                    "gen_ai.tool.name": "search",
                    "server.address": "tools.example.com",
                    "server.port": 8080,
                },
            ) as tool:
                if number == 0:
                    tool.set_attribute("error.type", "tool_error")
                    tool.set_status(StatusCode.ERROR, "no such article")
            with tracer.start_as_current_span("redraw"):
                pass
    with (
        pytest.raises(ProviderDown),
        tracer.start_as_current_span(
            "chat small-1",
            kind=SpanKind.CLIENT,
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "small-1",
                "error.type": "503",
                "user.email": "bob@example.com",
            },
        ),
    ):
        raise ProviderDown


def ask(tracer: Tracer, number: int) -> None:
    with tracer.start_as_current_span(
        "chat small-1",
        kind=SpanKind.CLIENT,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "small-1",
            "gen_ai.input.messages": '[{"role": "user", "content": "Good morning"}]',
            "gen_ai.request.stop_sequences": ["a", "b"],
            "user.email": "bob@example.com",
        },
    ) as span:
        span.set_attribute("gen_ai.usage.input_tokens", 100 + number)
        span.set_attribute("gen_ai.usage.output_tokens", 10)
        span.add_event("gen_ai.choice", {"message": "Good evening"})


def guard(tracer: Tracer, decision: str) -> None:
    with tracer.start_as_current_span(
        "apply_guardrail pii",
        attributes={
            "gen_ai.operation.name": "apply_guardrail",
            "gen_ai.guardian.name": "pii",
            "gen_ai.security.decision.type": decision,
            "gen_ai.security.target.type": "llm_input",
        },
    ):
        pass


ROUNDS = 20
TOKENS = [{"type": "sum", "column": "inputTokens"}, {"type": "sum", "column": "outputTokens"}]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("exporter", SPAN_EXPORTERS, ids=["protobuf", "json"])
def test_spans_of_the_sdk_are_counted(shared: Meterd, tenant: Tenant, exporter: Any, compression: Compression) -> None:
    with tracing(exporter(f"{shared.url}/v1/traces", compression=compression, **tenant.options)) as tracer:
        converse(tracer, ROUNDS)

    labels = ("metadata.service.name", "metadata.deployment.environment")
    (model,) = tenant.points("modelMetrics", "modelName", "userEmail", *labels, aggregations=TOKENS)
    assert model == {
        "modelName": "small-1",
        "createdBySubjectSlug": "bob@example.com",
        "metadata.service.name": "shop",
        "metadata.deployment.environment": "test",
        "total": ROUNDS + 1,
        "sumInputTokens": sum(100 + number for number in range(ROUNDS)),
        "sumOutputTokens": 10 * ROUNDS,
    }
    failed = [{"fieldName": "isFailure", "operator": "EQUAL", "value": True}]
    assert tenant.points("modelMetrics", "modelName", filters=failed) == [{"modelName": "small-1", "total": 1}]
    assert tenant.points("mcpMetrics", "method", "toolName", "mcpServerName") == [
        {"method": "tools/call", "toolName": "search", "mcpServerName": "tools.example.com:8080", "total": ROUNDS}
    ]
    assert tenant.points("agentMetrics", "agentName", "isFailure", "metadata.service.name") == [
        {"agentName": "planner", "isFailure": False, "metadata.service.name": "shop", "total": ROUNDS}
    ]
    assert tenant.points("guardrailMetrics", "guardrailName", "guardrailResult", "appliedOnEntityScope") == [
        {"guardrailName": "pii", "guardrailResult": "fail", "appliedOnEntityScope": "input", "total": 1},
        {"guardrailName": "pii", "guardrailResult": "pass", "appliedOnEntityScope": "input", "total": ROUNDS - 1},
    ]


def load(_options: CallbackOptions) -> Iterator[Observation]:
    yield Observation(0.25, {"server.port": 80})


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP])
@pytest.mark.parametrize("exporter", METRIC_EXPORTERS, ids=["protobuf", "json"])
def test_metrics_of_the_sdk_are_kept(shared: Meterd, tenant: Tenant, exporter: Any, compression: Compression) -> None:
    with metering(exporter(f"{shared.url}/v1/metrics", compression=compression, **tenant.options)) as meter:
        counter = meter.create_counter("requests", unit="{request}")
        for model in ("small-1", "small-1", "large-1"):
            counter.add(2, {"gen_ai.request.model": model, "user.email": "bob@example.com"})
        queue = meter.create_up_down_counter("queue")
        queue.add(5)
        queue.add(-2)
        meter.create_observable_gauge("load", [load], unit="1")
        usage = meter.create_histogram("gen_ai.client.token.usage", unit="{token}")
        duration = meter.create_histogram("gen_ai.client.operation.duration", unit="s")
        for value in (0.5, 1.5, 4.0):
            usage.record(value)
            duration.record(value)

    values = [{"type": "sum", "column": name} for name in ("value", "count", "sum", "minimum", "maximum")]
    names = (
        "metricName",
        "metricType",
        "unit",
        "temporality",
        "serviceName",
        "scopeName",
        "metadata.gen_ai.request.model",
        "metadata.user.email",
    )
    found = tenant.points("otlpMetrics", *names, aggregations=values)
    assert {(each["serviceName"], each["scopeName"], each["metadata.user.email"]) for each in found} == {
        ("shop", "shop.client", None)
    }
    assert {each["total"] for each in found} == {1}
    columns = ("metricType", "unit", "temporality", "sumValue", "sumCount", "sumSum", "sumMinimum", "sumMaximum")
    of_histogram = (None, 3, 6.0, 0.5, 4.0)
    assert {
        ("requests", "small-1"): ("sum", "{request}", "cumulative", 4.0, None, None, None, None),
        ("requests", "large-1"): ("sum", "{request}", "cumulative", 2.0, None, None, None, None),
        ("queue", None): ("sum", None, "cumulative", 3.0, None, None, None, None),
        ("load", None): ("gauge", "1", None, 0.25, None, None, None, None),
        ("gen_ai.client.token.usage", None): ("histogram", "{token}", "cumulative", *of_histogram),
        ("gen_ai.client.operation.duration", None): ("exponential_histogram", "s", "cumulative", *of_histogram),
    } == {
        (each["metricName"], each["metadata.gen_ai.request.model"]): tuple(each[name] for name in columns)
        for each in found
    }


@pytest.mark.parametrize("exporter", SPAN_EXPORTERS, ids=["protobuf", "json"])
def test_a_wrong_token_makes_the_exporter_fail_at_once(
    shared: Meterd, tenant: Tenant, exporter: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with tracing(exporter(f"{shared.url}/v1/traces", headers={"authorization": "Bearer wrong"})) as tracer:
        guard(tracer, "deny")

    assert "401" in caplog.text
    assert tenant.points("guardrailMetrics") == [{"total": 0}]


@OF_ONE_NODE
@pytest.mark.parametrize("exporter", SPAN_EXPORTERS, ids=["protobuf", "json"])
def test_spans_that_are_exported_during_a_restart_are_there_exactly_once(
    tmp_path: Path, exporter: Any, caplog: pytest.LogCaptureFixture
) -> None:
    meterd = Meterd(tmp_path).start()
    tenant = Tenant(meterd)
    with tracing(exporter(f"{meterd.url}/v1/traces", **tenant.options)) as tracer:
        converse(tracer, 5)
        meterd.stop()
        converse(tracer, 5)
        wait_for("Transient error", caplog)
        meterd._arguments += ["--listen", meterd.url.removeprefix("http://")]
        meterd.start()
    try:
        assert tenant.points("modelMetrics") == [{"total": 12}]
        assert tenant.points("mcpMetrics") == [{"total": 10}]
        assert tenant.points("agentMetrics") == [{"total": 10}]
        assert tenant.points("guardrailMetrics") == [{"total": 10}]
    finally:
        meterd.stop()


def wait_for(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """Return when the exporter has logged the text."""
    deadline = time.monotonic() + 30
    while text not in caplog.text:
        assert time.monotonic() < deadline, f"not logged: {text}"
        time.sleep(0.01)
