"""Exports over gRPC as a client makes them, without the classes that are generated for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from meterd.access import Scope
from tests.process import Meterd, make_token

METHODS = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
}
SECONDS = 60
"""Longest time for a call, on a busy machine."""


class GrpcClient:
    """Calls of one connection; messages are bytes."""

    def __init__(self, channel: grpc.Channel, token: str) -> None:
        self._channel = channel
        self._token = token

    def send(self, message: bytes, signal: str = "traces", **options: Any) -> bytes:
        """Return the response's message. Raises `grpc.RpcError`."""
        answer: bytes = self._channel.unary_unary(METHODS.get(signal, signal))(message, **self._with_token(options))
        return answer

    def begin(self) -> Any:
        """Begin a call whose message never comes; returns grpc's future."""
        ended = threading.Event()

        def messages() -> Iterator[bytes]:
            ended.wait(SECONDS)
            yield from ()

        call = self._channel.stream_unary(METHODS["traces"]).future(messages(), **self._with_token({}))
        call.add_done_callback(lambda _: ended.set())
        return call

    def refusal(self, message: bytes, signal: str = "traces", **options: Any) -> Any:
        """Return the error with which a call ends."""
        try:
            self.send(message, signal, **options)
        except grpc.RpcError as error:
            return error
        raise AssertionError("the call was answered with success")

    def _with_token(self, options: dict[str, Any]) -> dict[str, Any]:
        token = (("authorization", f"Bearer {self._token}"),) if self._token else ()
        return {"metadata": token, "timeout": SECONDS} | options


@contextmanager
def grpc_client(meterd: Meterd, token: str | None = None, **options: Any) -> Iterator[GrpcClient]:
    """Connect to a server, with TLS when `credentials` are given; the token is one to ingest unless it is given."""
    known = make_token(meterd.data, scopes=(Scope.INGEST,)).token if token is None else token
    credentials = options.pop("credentials", None)
    address = meterd.grpc.rpartition("//")[2]
    arguments = {"options": [*options.items(), ("grpc.use_local_subchannel_pool", 1)]}
    make = grpc.secure_channel if credentials else grpc.insecure_channel
    channel = make(address, *([credentials] if credentials else []), **arguments)
    with channel:
        yield GrpcClient(channel, known or "")
