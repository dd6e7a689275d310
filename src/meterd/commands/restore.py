"""`meterd restore`."""

from pathlib import Path
from typing import Annotated

import typer

from meterd.backup import restore
from meterd.commands.options import DATA, DataOption


def command(
    source: Annotated[Path, typer.Argument(help="Directory that `meterd backup` made.")], data: DataOption = DATA
) -> None:
    """Make a data directory of a backup, after a look at each byte of it; the directory must be new or empty."""
    manifest = restore(source, data)
    typer.echo(f"{data} is as it was at {manifest.finished_at:%Y-%m-%d %H:%M:%S} UTC: meterd serve --data {data}")
