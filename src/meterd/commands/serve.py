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
from meterd.data_directory import directory_of_worker
from meterd.errors import ConfigurationError
from meterd.first_token import announce_first_token
from meterd.grpc_listener import GrpcListener
from meterd.installation import File
from meterd.prefork.messages import MAX_WORKERS, Order
from meterd.prefork.starting import adoption_of, inherited, keep_workers, of_worker, require_shared
from meterd.prefork.worker import Worker
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
    workers: Annotated[
        int, typer.Option(min=1, max=MAX_WORKERS, help="Processes that serve, with a store and a directory in common.")
    ] = 1,
) -> None:
    """Run the service until SIGTERM or SIGINT."""
    end_on_signals()
    order = Order.given()
    settings = load(config, flags={"service.listen": listen} if listen else None)
    if order:
        settings = of_worker(settings, order.number)
    logs.configure(settings.logging, settings.node.id)
    certificate = served_certificate(settings, no_tls)
    if order:
        work(settings, directory_of_worker(data, order.number), order, accept_loss or (), certificate)
        return
    if workers > 1:
        require_shared(settings)
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
            announce_administrator(service, data, ports, pins)
            announce_ready(ports, pins)

        def all_ready(grpc: Sequence[str]) -> None:
            announce_grpc(grpc)
            announce_ready(ports, pins)

        if workers > 1:
            sys.exit(keep_workers(workers, ports, grpc_listeners(settings, certificate), all_ready))
        serve(settings, data, ports, announce, accept_loss or (), certificate)


def work(
    settings: Settings,
    data: Path,
    order: Order,
    accept_loss: Sequence[File],
    certificate: "ServedCertificate | None",
) -> None:
    """Serve as one of several processes."""
    ports = inherited(order, settings, certificate)

    def announce(service: Service) -> None:
        if order.number == 1:
            announce_administrator(service, data, ports, [certificate.pin] if certificate else [])

    serve(settings, data, ports, announce, accept_loss, certificate, order)


def serve(
    settings: Settings,
    data: Path,
    ports: Sequence[Port],
    announce: Callable[[Service], None],
    accept_loss: Sequence[File] = (),
    certificate: "ServedCertificate | None" = None,
    order: Order | None = None,
) -> None:
    """Serve a data directory until SIGTERM or SIGINT; `announce` is called when it answers.

    With an `order` this process is one of several.
    """
    listeners = [Listener(*each) for each in order.grpc] if order else grpc_listeners(settings, certificate)
    service = Service(settings, data, accept_loss)
    telemetry = service.telemetry
    worker: Worker | None = None
    adoption = adoption_of(settings, data, order, service.supervisor)
    try:
        grpc = GrpcListener(service.application, listeners, certificate, settings, telemetry, is_shared=bool(order))

        def ready() -> None:
            if worker:
                worker.begin()
            else:
                announce_grpc(grpc.addresses)
            adoption.start()
            _ready(service, announce)

        server = HTTPServer(service.application, ports, settings.service.limits, telemetry, grpc, ready)
        worker = Worker(order, service.supervisor, server.leave, server.stop) if order else None
        server.run()
    finally:
        adoption.close()
        service.close()
        gc.unfreeze()
        if worker:
            worker.finish()


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


def announce_administrator(service: Service, data: Path, ports: Sequence[Port], pins: Sequence[str]) -> None:
    """Make the administrator's first token, if there is none yet."""
    curl = f"curl -k --pinnedpubkey sha256//{pins[0]}" if ports[0].tls else "curl"
    announce_first_token(service.tokens, service.web_sessions, data, ports[0].url, curl)


def announce_grpc(addresses: Sequence[str]) -> None:
    """Say where it takes OTLP over gRPC."""
    sys.stderr.write("".join(f"meterd takes OTLP over gRPC on {address}\n" for address in addresses))


def announce_ready(ports: Sequence[Port], pins: Sequence[str] = ()) -> None:
    """Say where it answers."""
    lines = [*(f"meterd ready on {port.url}" for port in ports), *(f"meterd TLS pin {pin}" for pin in pins)]
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.stderr.flush()
