"""`meterd serve`."""

import gc
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from meterd import logs
from meterd.commands.options import DATA, ConfigOption, DataOption, NoTlsOption
from meterd.errors import ConfigurationError
from meterd.first_token import announce_first_token
from meterd.grpc_listener import GrpcListener
from meterd.installation import File
from meterd.service import Service
from meterd.serving import HTTPServer, Port, listening
from meterd.settings import Listener, Settings, load
from meterd.starting import end_on_signals

if TYPE_CHECKING:
    from meterd.tls import ServedCertificate

log = structlog.get_logger()


def command(
    config: ConfigOption = None,
    data: DataOption = DATA,
    listen: Annotated[
        list[str] | None,
        typer.Option(help="HOST:PORT to listen on, default 127.0.0.1:8080; repeat for more.", show_default=False),
    ] = None,
    no_tls: NoTlsOption = False,
    accept_loss: Annotated[
        list[File] | None,
        typer.Option(
            help="Start without what this file held; the refused start says what that is.", show_default=False
        ),
    ] = None,
) -> None:
    """Run the service until SIGTERM or SIGINT."""
    end_on_signals()
    settings = load(config, flags={"service.listen": listen} if listen else None)
    logs.configure(settings.logging, settings.node.id)
    certificate = served_certificate(settings, no_tls)
    with ExitStack() as sockets:
        ports = [
            Port(
                sockets.enter_context(listening(each.host, each.port)),
                each.host,
                certificate.context if certificate and each.tls else None,
            )
            for each in settings.service.listeners
        ]
        pins = [certificate.pin] if certificate else []

        def announce(service: Service) -> None:
            curl = f"curl -k --pinnedpubkey sha256//{pins[0]}" if ports[0].tls else "curl"
            announce_first_token(service.tokens, service.web_sessions, data, ports[0].url, curl)
            announce_ready(ports, pins)

        serve(settings, data, ports, announce, accept_loss or (), certificate)


def serve(
    settings: Settings,
    data: Path,
    ports: Sequence[Port],
    announce: Callable[[Service], None],
    accept_loss: Sequence[File] = (),
    certificate: "ServedCertificate | None" = None,
) -> None:
    """Serve a data directory until SIGTERM or SIGINT; `announce` is called when it answers."""
    listeners = grpc_listeners(settings, certificate)
    service = Service(settings, data, accept_loss)
    telemetry = service.telemetry
    try:
        grpc = GrpcListener(service.application, listeners, certificate, settings, telemetry)

        def ready() -> None:
            sys.stderr.write("".join(f"meterd takes OTLP over gRPC on {address}\n" for address in grpc.addresses))
            _ready(service, announce)

        HTTPServer(service.application, ports, settings.service.limits, telemetry, grpc, ready).run()
    finally:
        service.close()
        gc.unfreeze()


def served_certificate(settings: Settings, no_tls: bool) -> "ServedCertificate | None":
    """Load what the listeners serve; None when none has TLS. Raises `ConfigurationError`."""
    if no_tls or not any(each.tls for each in settings.service.listeners):
        return None
    from meterd.tls import ServedCertificate  # a server without TLS needs no cryptography

    assert settings.service.tls is not None  # otherwise no listener has TLS
    return ServedCertificate(settings.service.tls)


def grpc_listeners(settings: Settings, certificate: "ServedCertificate | None") -> list[Listener]:
    """Return where to listen for gRPC, which is free. Raises `ConfigurationError` unless nobody asked for it."""
    grpc = settings.otlp.grpc
    listeners = grpc.listeners(settings.service)
    try:
        for each in listeners:
            with listening(each.host, each.port):
                pass  # gRPC opens it itself, and would not say what is wrong
    except ConfigurationError as error:
        if not grpc.is_automatic:
            raise ConfigurationError(f"otlp.grpc.listen: {error.message}") from None
        log.warning("OTLP over gRPC is off (otlp.grpc.listen)", reason=error.message)
        return []
    return [each._replace(tls=each.tls and certificate is not None) for each in listeners]


def _ready(service: Service, announce: Callable[[Service], None]) -> None:
    gc.collect()
    gc.freeze()  # what is loaded by now stays: collections need not look at it again
    gc.set_threshold(50_000, 20, 50)  # requests leave hardly any cycles behind
    announce(service)


def announce_ready(ports: Sequence[Port], pins: Sequence[str] = ()) -> None:
    """Say where it answers."""
    lines = [*(f"meterd ready on {port.url}" for port in ports), *(f"meterd TLS pin {pin}" for pin in pins)]
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.stderr.flush()
