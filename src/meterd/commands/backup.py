"""`meterd backup`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterd.backup import back_up
from meterd.commands.options import DATA, DataOption, JsonOption, existing


def command(
    target: Annotated[Path, typer.Argument(help="Directory for the copy, which must not be there yet.")],
    data: DataOption = DATA,
    json: JsonOption = False,
) -> None:
    """Copy all that is kept into a new directory; works while the server runs, and nothing waits for it."""
    manifest = back_up(existing(data), target)
    said = (
        f"{manifest.bytes / 1e6:,.1f} MB in {target}, with all facts up to entry {manifest.last_entry} of the journal"
    )
    typer.echo(msgspec.json.encode(manifest) if json else said)
