"""`meterd forget`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Column, Table

from meterd import logs
from meterd.access import DEFAULT_TENANT, SubjectType
from meterd.commands.options import DATA, ConfigOption, DataOption, JsonOption, check_names, existing
from meterd.datasets.person import Person
from meterd.errors import ConfigurationError
from meterd.forgetting import Report, forget, look
from meterd.settings import Settings, load


def command(
    subject: Annotated[str, typer.Option(help="E-mail of a user, or name of a virtual account, as it is written.")],
    type_: Annotated[SubjectType, typer.Option("--type", help="What the subject is.")] = SubjectType.USER,
    tenant: Annotated[
        list[str] | None,
        typer.Option(help=f"The organisation; repeat for more; default: {DEFAULT_TENANT}.", show_default=False),
    ] = None,
    pseudonymise: Annotated[
        bool, typer.Option("--pseudonymise", help="Keep the facts, under a name that tells nothing.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what there is.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it is done.")] = False,
    data: DataOption = DATA,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Delete a person everywhere, or write a pseudonym in place of the name, while no server runs."""
    tenants = tuple(tenant or [DEFAULT_TENANT])
    for each in tenants:
        check_names(subject, each, ())
    if json and not (yes or dry_run):
        raise ConfigurationError("--json can't ask before it is done: add --yes, or --dry-run")
    settings = load(config)
    logs.configure(msgspec.structs.replace(settings.logging, level="error"))
    person = Person(subject, str(type_), tenants)
    report = _done(existing(data), person, not pseudonymise, settings, dry_run=dry_run, asks=not yes)
    if json:
        typer.echo(msgspec.json.encode(report))
    elif dry_run or yes:
        _show(report)
    if not dry_run and not json:
        _conclude(report)
    if report.is_done and not report.is_scrubbed:
        raise ConfigurationError("there was no room to write the store anew: make some, and forget again")


def _done(data: Path, person: Person, deletes: bool, settings: Settings, *, dry_run: bool, asks: bool) -> Report:
    """Return what there was, when it is done, or what there is. Raises `Abort` when the answer is no."""
    if dry_run:
        return look(data, person, deletes, settings)
    if asks:
        _show(look(data, person, deletes, settings))
        what = "Delete all of this" if deletes else "Write a pseudonym in place of the name"
        typer.confirm(f"{what}? There is no way back", abort=True)
    return forget(data, person, deletes, settings)


def _show(report: Report) -> None:
    table = Table("what", Column("how much", justify="right"))
    counts = report.facts | report.documents | {"lines that are set aside": report.set_aside}
    for what, count in counts.items():
        table.add_row(what, str(count))
    Console().print(table)
    for name in report.unsearched:
        typer.echo(f"not searched, delete it when it is of no use any more: {name}")
    for outside in report.outside:
        typer.echo(f"outside of this: {outside}")


def _conclude(report: Report) -> None:
    who = report.person.subject
    if not report.is_known and report.pseudonym is None:
        typer.echo(f"there is nothing of {who}")
    elif report.deletes:
        typer.echo(f"{who} is forgotten; what is not its own names {report.pseudonym}")
    else:
        typer.echo(f"{who} is called {report.pseudonym} now")
