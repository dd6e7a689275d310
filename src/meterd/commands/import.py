"""`meterd import`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterd import logs
from meterd.commands.options import DATA, ConfigOption, DataOption, JsonOption
from meterd.commands.progress import progress_bar
from meterd.moving.importing import import_
from meterd.settings import load


def command(
    source: Annotated[Path, typer.Argument(help="Directory that `meterd export` made.")],
    data: DataOption = DATA,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Add what an export holds to a data directory, while no server runs; what is there already is not added again."""
    settings = load(config)
    logs.configure(msgspec.structs.replace(settings.logging, level="error"))
    with progress_bar() as watch:
        imported = import_(source, data, settings, watch)
    if json:
        typer.echo(msgspec.json.encode(imported))
        return
    for name, facts in imported.facts.items():
        typer.echo(f"{name}: {imported.added[name]} of {facts} facts added, {facts - imported.added[name]} were there")
    changed = imported.documents_changed
    typer.echo(f"{changed} of {imported.documents} documents added or changed: meterd serve --data {data}")
