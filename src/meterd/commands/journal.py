"""`meterd journal`: journals of nodes that are no more."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterd import logs
from meterd.commands.options import DATA, ConfigOption, DataOption, JsonOption, existing
from meterd.draining import Report, drain, load_out
from meterd.settings import load
from meterd.store.addresses import parse_url

command = typer.Typer(help="Journals of nodes that are no more.", no_args_is_help=True)


@command.command("drain")
def drain_journal(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Data directory of the node that is no more.")],
    config: ConfigOption = None,
    data: DataOption = DATA,
    json: JsonOption = False,
) -> None:
    """Move what the journal of a dead node still holds into this installation, each fact once; can be run again."""
    settings = load(config)
    logs.configure(msgspec.structs.replace(settings.logging, level="error"), settings.node.id)
    if parse_url(settings.store.url) is None:
        reports = [drain(existing(directory), existing(data), settings.ingest)]
        where = f"in the journal in {data}, and in its store after the next start"
    else:
        loaded, where = load_out(existing(directory), settings), "in the store"
        reports = [msgspec.structs.replace(report, stored=0) for report in loaded]
    for report in reports:
        typer.echo(msgspec.json.encode(report) if json else "\n".join(_said(report, where, directory)))


def _said(report: Report, where: str, directory: Path) -> list[str]:
    said = [f"{report.facts} facts of {report.entries} entries of {report.node} are now {where}"]
    if report.known:
        said.append(f"{report.known} facts had come to this installation before, and are not counted twice")
    if report.stored:
        said.append(f"entries up to {report.stored} are in the store in {directory}, and stay there")
    if report.damaged:
        said.append(f"{len(report.damaged)} entries are damaged and stay: {', '.join(map(str, report.damaged))}")
    if report.set_aside:
        said.append(f"{report.set_aside} entries were set aside there and stay in the table set_aside of its journal")
    return said
