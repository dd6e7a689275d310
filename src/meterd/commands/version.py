"""`meterd version`."""

import typer

from meterd import __version__


def command() -> None:
    """Print the version."""
    typer.echo(f"meterd {__version__}")
