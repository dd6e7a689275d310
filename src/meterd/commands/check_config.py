"""`meterd check-config`."""

import tempfile
from pathlib import Path

import msgspec
import typer

from meterd import logs
from meterd.commands.options import ConfigOption, NoTlsOption
from meterd.commands.serve import served_certificate
from meterd.metadata.sql import check_sql_metadata
from meterd.service import Service
from meterd.settings import Directory, describe, load
from meterd.store.opening import check_store, embedded


def command(config: ConfigOption = None, no_tls: NoTlsOption = False) -> None:
    """Check the settings, as a start of the service does, and print the effective ones."""
    settings = load(config)
    logs.configure(msgspec.structs.replace(settings.logging, level="error"))
    served_certificate(settings, no_tls)
    settings.otlp.grpc.listeners(settings.service)
    check_sql_metadata(settings.directory)
    check_store(settings)
    alone = msgspec.structs.replace(  # a start would write to what others share
        settings, directory=Directory(), store=embedded(settings.store)
    )
    with tempfile.TemporaryDirectory(prefix="meterd-check-") as empty:
        Service(alone, Path(empty)).close()
    typer.echo(describe(settings), nl=False)
