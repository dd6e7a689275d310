"""Runs a program that is traced, and exports its spans twice: over HTTP and over gRPC, each with a token of its own.

`launch.py PROGRAM [MODULE:INSTRUMENTOR …]`, in the environment of the libraries. It imports nothing of ours.
"""

import importlib
import os
import runpy
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

_HOUR = 3_600_000
"""Milliseconds. What belongs together is in one export, however slow the machine is."""


def main(program: str, *instrumentors: str) -> None:
    """Run it, and send what is left at its end."""
    provider = TracerProvider()
    for protocol in ("HTTP", "GRPC"):
        token = {"authorization": f"Bearer {os.environ[f'{protocol}_TOKEN']}"}
        endpoint = os.environ[f"{protocol}_ENDPOINT"]
        exporter = (
            GrpcExporter(endpoint=endpoint, headers=token)
            if protocol == "GRPC"
            else HttpExporter(endpoint=f"{endpoint}/v1/traces", headers=token)
        )
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_HOUR))
    trace.set_tracer_provider(provider)
    for each in instrumentors:
        module, _, name = each.partition(":")
        getattr(importlib.import_module(module), name)().instrument(tracer_provider=provider)
    runpy.run_path(program, run_name="__main__")
    provider.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
