"""Writes `commands.md` beside this file from the parsers of the commands: `make docs`. A test compares the two."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from typer.core import TyperGroup

from meterd.cli import COMMANDS

PAGE = Path(__file__).with_name("commands.md")
_INTRODUCTION = """\
# Commands

This page is generated from the parsers of the commands (`make docs`). [Operations](operations.md) says how they are
used, [Agent](agent.md) what `meterd agent` does, and [Usage sources](usage-sources.md) what is collected. Each command
has `--help`. An error is one sentence on standard error and status 1; arguments that a command does not have are
status 2.
"""


def page() -> str:
    """Return the whole page."""
    return _INTRODUCTION + "".join(
        part for name, each in COMMANDS.items() for part in _command("##", name, each.load())
    )


def _command(level: str, name: str, command: Any) -> Iterator[str]:
    """Describe a command, and those below it; Typer keeps the types of its parsers to itself."""
    yield f"\n{level} meterd {name}\n\n{command.help}\n"
    if isinstance(command, TyperGroup):
        for below, each in command.commands.items():
            yield from _command(f"{level}#", f"{name} {below}", each)
    elif command.params:
        yield "\n| argument | environment | default | meaning |\n| --- | --- | --- | --- |\n"
        yield from (_parameter(each) for each in command.params)


def _parameter(parameter: Any) -> str:
    name = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.metavar or parameter.name.upper()
    variable = f"`{parameter.envvar}`" if parameter.envvar else ""
    cells = (f"`{name}`", variable, _default(parameter), f"{parameter.help}{_choices(parameter)}")
    return f"| {' | '.join(cells)} |\n".replace("|  |", "| |")


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if not parameter.show_default:
        return ""  # its meaning says what it is
    if parameter.default is None:
        return "none"
    if isinstance(parameter.default, bool):
        return "on" if parameter.default else "off"
    return f"`{parameter.default.value if isinstance(parameter.default, Enum) else parameter.default}`"


def _choices(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    kind = next(iter(get_args(kind)), kind)
    is_choice = isinstance(kind, type) and issubclass(kind, Enum)
    return f" One of {', '.join(f'`{each.value}`' for each in kind)}." if is_choice else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
