"""`meterd check-config`."""

import tempfile
from pathlib import Path

import msgspec
import typer

from meterd import logs
from meterd.commands.options import ConfigOption, NoTlsOption
from meterd.commands.serve import served_certificate
from meterd.service import Service
from meterd.settings import describe, load


def command(config: ConfigOption = None, no_tls: NoTlsOption = False) -> None:
    """Check the settings, as a start of the service does, and print the effective ones."""
    settings = load(config)
    logs.configure(msgspec.structs.replace(settings.logging, level="error"))
    served_certificate(settings, no_tls)
    settings.otlp.grpc.listeners(settings.service)
    with tempfile.TemporaryDirectory(prefix="meterd-check-") as empty:
        Service(settings, Path(empty)).close()
    typer.echo(describe(settings), nl=False)
