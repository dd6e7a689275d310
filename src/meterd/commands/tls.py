"""`meterd tls`: the commands about certificates."""

from pathlib import Path
from typing import Annotated

import typer

from meterd.commands.options import ConfigOption
from meterd.errors import ConfigurationError
from meterd.settings import load
from meterd.tls import make_self_signed, names_of, pin, read_certificate

command = typer.Typer(help="Certificates of the server, and the pin of its key.", no_args_is_help=True)


@command.command("pin")
def print_pin(
    certificate: Annotated[
        Path | None, typer.Argument(help="PEM file; default: service.tls.certificate-path.", show_default=False)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Print what clients pin: the SHA-256 of the public key, in base64."""
    if certificate is None:
        tls = load(config).service.tls
        if tls is None:
            raise ConfigurationError("name a certificate, or settings with a section service.tls")
        certificate = Path(tls.certificate_path)
    typer.echo(pin(read_certificate(certificate)))


@command.command("self-signed")
def make_certificate(
    key: Annotated[Path, typer.Option(help="Private key; made when it is not there, else kept.")] = Path("tls.key"),
    certificate: Annotated[Path, typer.Option(help="Certificate to write.")] = Path("tls.crt"),
    name: Annotated[
        list[str] | None,
        typer.Option(help="Host name or address; repeat for more. Default: as before, else localhost."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=36_500, help="How long it is valid.")] = 365,
) -> None:
    """Make a self-signed certificate, or renew one: the key and its pin stay."""
    made = make_self_signed(key, certificate, name or (), days)
    typer.echo(f"{certificate} is for {', '.join(names_of(made))} until {made.not_valid_after_utc:%Y-%m-%d}")
    typer.echo(f"pin {pin(made)}")
