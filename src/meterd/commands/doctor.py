"""`meterd doctor`."""

import sys

import typer

from meterd.commands.options import DATA, ConfigOption, DataOption, existing
from meterd.data_directory import lock_directories
from meterd.doctor import examine
from meterd.settings import load


def command(data: DataOption = DATA, config: ConfigOption = None) -> None:
    """Look at all that is kept, while no server runs: what is damaged, lost, or can be made again. Changes nothing."""
    with lock_directories(existing(data)):
        findings = list(examine(data, load(config).directory))
    for finding in findings:
        typer.echo(str(finding))
    if not all(finding.is_fine for finding in findings):
        sys.exit(1)
