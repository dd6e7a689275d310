"""The `meterd` command: which commands there are. Each is imported when it is run, and help imports none."""

import importlib
import os
import sys
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from meterd.errors import MeterdError
from meterd.memory import spare_address_space


class Declaration(NamedTuple):
    """A command and the help that its module in `meterd.commands`, which has the same name, gives it."""

    name: str
    help: str

    def load(self) -> Any:
        """Import the command; the type is one that Typer keeps to itself."""
        module = importlib.import_module(f"meterd.commands.{self.name.replace('-', '_')}")
        parent = typer.Typer()
        if isinstance(module.command, typer.Typer):
            parent.add_typer(module.command, name=self.name)
        else:
            parent.command(self.name)(module.command)
        return typer.main.get_group(parent).commands[self.name]


COMMANDS = {
    each.name: each
    for each in (
        Declaration("serve", "Run the service until SIGTERM or SIGINT."),
        Declaration(
            "agent",
            "Run the local agent, to which applications hand their session telemetry, until SIGTERM or SIGINT.",
        ),
        Declaration(
            "check-config", "Check the settings, as a start of the service does, and print the effective ones."
        ),
        Declaration(
            "doctor",
            "Look at all that is kept, while no server runs: what is damaged, lost, or can be made again. Changes"
            " nothing.",
        ),
        Declaration(
            "backup",
            "Copy all that is kept into a new directory; works while the server runs, and nothing waits for it.",
        ),
        Declaration(
            "restore",
            "Make a data directory of a backup, after a look at each byte of it; the directory must be new or empty.",
        ),
        Declaration(
            "export",
            "Write all that is kept into files for another installation or any other tool; works while the server"
            " runs.",
        ),
        Declaration(
            "import",
            "Add what an export holds to a data directory, while no server runs; what is there already is not added"
            " again.",
        ),
        Declaration(
            "forget",
            "Delete a person everywhere, or write a pseudonym in place of the name, while no server runs.",
        ),
        Declaration("journal", "Journals of nodes that are no more."),
        Declaration("version", "Print the version."),
        Declaration("token", "Create, list and revoke tokens; works while the server runs."),
        Declaration(
            "sign-in",
            "Print a link that signs somebody in at the web pages, once, within ten minutes; works while the server"
            " runs.",
        ),
        Declaration("tls", "Certificates of the server, and the pin of its key."),
        Declaration(
            "demo",
            "Run a server with made-up traffic: weeks of history with incidents, then live. For looking around.",
        ),
        Declaration("collect", "Fetch samples from elsewhere, until SIGTERM or SIGINT."),
    )
}


class _LazyGroup(TyperGroup):
    """Lists the declared commands, and loads the one that is run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=each.help) for name, each in COMMANDS.items()}

    # What Typer gives and takes here has types that it keeps to itself.
    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, COMMANDS[name].load() if name else None, rest


app = typer.Typer(cls=_LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def program() -> None:
    """A self-hosted metrics service for AI agents and LLM gateways."""


def main() -> None:
    """Entry point: errors of ours are one sentence and status 1. Files are readable by their owner only."""
    os.umask(0o077)
    spare_address_space()
    try:
        app()
    except MeterdError as error:
        sys.stderr.write(f"meterd: {error.message}\n")
        sys.exit(1)
