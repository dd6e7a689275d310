"""Options that several commands have."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from meterd.errors import ConfigurationError

ConfigOption = Annotated[Path | None, typer.Option("--config", envvar="METERD_CONFIG", help="Settings file (YAML).")]
DataOption = Annotated[Path, typer.Option("--data", envvar="METERD_DATA", help="Directory for all that is kept.")]
NoTlsOption = Annotated[bool, typer.Option("--no-tls", help="Plain HTTP, whatever the settings say.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DATA = Path("meterd-data")


def check_names(subject: str, tenant: str, teams: Iterable[str]) -> None:
    """Raise `ConfigurationError` for names that nobody could read."""
    for name, value in (("subject", subject), ("tenant", tenant), *(("team", each) for each in teams)):
        if not value or not value.isprintable() or len(value) > 128:
            raise ConfigurationError(f"--{name} must have 1 to 128 printable characters")


def existing(data: Path) -> Path:
    """Return the data directory if it is there. Raises `ConfigurationError`."""
    if not data.is_dir():
        raise ConfigurationError(f"there is no data directory {data}; name it with --data or METERD_DATA")
    return data
