"""Every command and option is in docs/commands.md; docs/operations.md names every command, and the flags of `serve`."""

from collections.abc import Iterator

from docs.generate_commands import PAGE, page
from typer.core import TyperGroup

from meterd.cli import COMMANDS
from tests.docs.markdown import ROOT, code, tables

OPERATIONS = ROOT / "docs" / "operations.md"


def names() -> Iterator[str]:
    """What may stand after `meterd`."""
    for name, declaration in COMMANDS.items():
        command = declaration.load()
        if isinstance(command, TyperGroup):
            yield from (f"{name} {below}" for below in command.commands)
        else:
            yield name


def test_the_generated_page_is_up_to_date() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run make docs"


def test_every_command_is_in_operations_and_no_other() -> None:
    documented = {"serve"}
    for row in (row for table in tables(OPERATIONS) for row in table if "other command" in row):
        first, *others = (code(part.strip()).removeprefix("meterd ") for part in row["other command"].split(","))
        documented |= {first, *(f"{first.split()[0]} {other}" for other in others)}

    assert documented == set(names())


def test_every_flag_of_serve_is_in_operations_and_no_other() -> None:
    documented = {
        code(row["flag of `serve`"]) for table in tables(OPERATIONS) for row in table if "flag of `serve`" in row
    }

    assert documented == {parameter.opts[0] for parameter in COMMANDS["serve"].load().params}
