"""`meterd serve`."""

import gc
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterd import logs
from meterd.commands.options import DATA, ConfigOption, DataOption, NoTlsOption
from meterd.first_token import announce_first_token
from meterd.installation import File
from meterd.service import Service
from meterd.serving import HTTPServer, Port, listening
from meterd.settings import Settings, load
from meterd.starting import end_on_signals

if TYPE_CHECKING:
    from meterd.tls import ServedCertificate


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
    logs.configure(settings.logging)
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

        serve(settings, data, ports, announce, accept_loss or ())


def serve(
    settings: Settings,
    data: Path,
    ports: Sequence[Port],
    announce: Callable[[Service], None],
    accept_loss: Sequence[File] = (),
) -> None:
    """Serve a data directory until SIGTERM or SIGINT; `announce` is called when it answers."""
    service = Service(settings, data, accept_loss)
    try:
        HTTPServer(
            service.application, ports, settings.service.limits, service.telemetry, lambda: _ready(service, announce)
        ).run()
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
