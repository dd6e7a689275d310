"""`meterd export`."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterd import logs
from meterd.commands.options import DATA, ConfigOption, DataOption, JsonOption, existing
from meterd.commands.progress import progress_bar
from meterd.moving.exporting import export
from meterd.settings import load

_NICE = 10
"""What it yields to others by: a server that runs beside it has the processor first."""


def command(
    target: Annotated[Path, typer.Argument(help="Directory for the files: a new one, or that of an interrupted run.")],
    data: DataOption = DATA,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Write all that is kept into files for another installation or any other tool; works while the server runs."""
    settings = load(config)
    logs.configure(msgspec.structs.replace(settings.logging, level="error"))
    os.nice(_NICE)
    with progress_bar() as watch:
        manifest = export(existing(data), target, settings, watch)
    said = (
        f"{manifest.count} facts in {len(manifest.facts)} files and {manifest.documents} documents, "
        f"{manifest.bytes / 1e6:,.1f} MB in {target}, as of {manifest.began_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    typer.echo(msgspec.json.encode(manifest) if json else said)
