"""The `meterd` command."""

import gc
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from meterd import __version__, logs
from meterd.access import DEFAULT_TENANT, Scope, SubjectType
from meterd.access.tokens import TokenDetails
from meterd.collect.command import collectors
from meterd.data_directory import lock_directory, open_directory, path_of, prepare_data
from meterd.errors import ConfigurationError, MeterdError
from meterd.first_token import announce_first_token
from meterd.installation import File
from meterd.memory import spare_address_space
from meterd.metadata.directory import Directory
from meterd.service import Service
from meterd.serving import HTTPServer, Port, listening
from meterd.settings import Settings, describe, load
from meterd.starting import end_on_signals

if TYPE_CHECKING:
    from meterd.tls import ServedCertificate

app = typer.Typer(
    help="A self-hosted metrics service for AI agents and LLM gateways.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
tokens = typer.Typer(help="Create, list and revoke tokens; works while the server runs.", no_args_is_help=True)
app.add_typer(tokens, name="token")
certificates = typer.Typer(help="Certificates of the server, and the pin of its key.", no_args_is_help=True)
app.add_typer(certificates, name="tls")
app.add_typer(collectors, name="collect")

ConfigOption = Annotated[Path | None, typer.Option("--config", envvar="METERD_CONFIG", help="Settings file (YAML).")]
DataOption = Annotated[Path, typer.Option("--data", envvar="METERD_DATA", help="Directory for all that is kept.")]
NoTlsOption = Annotated[bool, typer.Option("--no-tls", help="Plain HTTP, whatever the settings say.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_DATA = Path("meterd-data")


def main() -> None:
    """Entry point: errors of ours are one sentence and status 1. Files are readable by their owner only."""
    os.umask(0o077)
    spare_address_space()
    try:
        app()
    except MeterdError as error:
        sys.stderr.write(f"meterd: {error.message}\n")
        sys.exit(1)


@app.command()
def serve(
    config: ConfigOption = None,
    data: DataOption = _DATA,
    listen: Annotated[
        list[str] | None,
        typer.Option(help="HOST:PORT to listen on, default 127.0.0.1:8080; repeat for more.", show_default=False),
    ] = None,
    no_tls: NoTlsOption = False,
    accept_loss: Annotated[
        list[File] | None,
        typer.Option(
            help="Start without what this file held; the refused start says what that is.", show_default=False
        ),
    ] = None,
) -> None:
    """Run the service until SIGTERM or SIGINT."""
    end_on_signals()
    settings = load(config, flags={"service.listen": listen} if listen else None)
    logs.configure(settings.logging)
    certificate = _certificate(settings, no_tls)
    with ExitStack() as sockets:
        ports = [
            Port(
                sockets.enter_context(listening(each.host, each.port)),
                each.host,
                certificate.context if certificate and each.tls else None,
            )
            for each in settings.service.listeners
        ]
        service = Service(settings, data, accept_loss or ())
        try:
            pins = [certificate.pin] if certificate else []
            limits, telemetry = settings.service.limits, service.telemetry
            HTTPServer(
                service.application, ports, limits, telemetry, lambda: _announce(service, ports, pins, data)
            ).run()
        finally:
            service.close()
            gc.unfreeze()


def _certificate(settings: Settings, no_tls: bool) -> "ServedCertificate | None":
    """What the listeners serve; None when none has TLS. Raises `ConfigurationError`."""
    if no_tls or not any(each.tls for each in settings.service.listeners):
        return None
    from meterd.tls import ServedCertificate

    assert settings.service.tls is not None  # otherwise no listener has TLS
    return ServedCertificate(settings.service.tls)


def _announce(service: Service, ports: Sequence[Port], pins: Sequence[str], data: Path) -> None:
    gc.collect()
    gc.freeze()  # what is loaded by now stays: collections need not look at it again
    gc.set_threshold(50_000, 20, 50)  # requests leave hardly any cycles behind
    url = ports[0].url
    curl = f"curl -k --pinnedpubkey sha256//{pins[0]}" if ports[0].tls else "curl"
    announce_first_token(service.directory, data, url, curl)
    lines = [*(f"meterd ready on {port.url}" for port in ports), *(f"meterd TLS pin {pin}" for pin in pins)]
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.stderr.flush()


@app.command()
def agent() -> None:
    """Run the local agent, to which applications hand their session telemetry, until SIGTERM or SIGINT."""
    from meterd.agent.main import run

    sys.exit(run())


@app.command("check-config")
def check_config(config: ConfigOption = None, no_tls: NoTlsOption = False) -> None:
    """Check the settings, as a start of the service does, and print the effective ones."""
    settings = load(config)
    logs.configure(msgspec.structs.replace(settings.logging, level="error"))
    _certificate(settings, no_tls)
    with tempfile.TemporaryDirectory(prefix="meterd-check-") as empty:
        Service(settings, Path(empty)).close()
    typer.echo(describe(settings), nl=False)


@app.command()
def doctor(data: DataOption = _DATA) -> None:
    """Look at all that is kept, while no server runs: what is damaged, lost, or can be made again. Changes nothing."""
    from meterd.doctor import examine

    with lock_directory(_existing(data)):
        findings = list(examine(data))
    for finding in findings:
        typer.echo(str(finding))
    if not all(finding.is_fine for finding in findings):
        sys.exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"meterd {__version__}")


@tokens.command("create")
def create_token(
    subject: Annotated[str, typer.Option(help="E-mail of a user, or name of a virtual account.")],
    type_: Annotated[SubjectType, typer.Option("--type")] = SubjectType.USER,
    team: Annotated[list[str] | None, typer.Option(help="A team of the subject; repeat for more.")] = None,
    tenant: Annotated[str, typer.Option(help="The organisation.")] = DEFAULT_TENANT,
    tenant_admin: Annotated[bool, typer.Option("--tenant-admin", help="May see all of the tenant.")] = False,
    scope: Annotated[list[Scope] | None, typer.Option(help="Repeat for more; default: ingest and query.")] = None,
    expires: Annotated[str | None, typer.Option(help="Lifetime such as 30d, 12h or 15m; default: none.")] = None,
    data: DataOption = _DATA,
    create: Annotated[bool, typer.Option("--create", help="Begin a new data directory when there is none.")] = False,
    json: JsonOption = False,
) -> None:
    """Create a token and print it once."""
    scopes = scope or [Scope.INGEST, Scope.QUERY]
    for name, value in (("subject", subject), ("tenant", tenant), *(("team", each) for each in team or ())):
        if not value or not value.isprintable() or len(value) > 128:
            raise ConfigurationError(f"--{name} must have 1 to 128 printable characters")
    if not create and not path_of(data, File.DIRECTORY).exists():
        raise ConfigurationError(
            f"nothing of meterd is in {data}: name the server's data directory with --data or METERD_DATA, or begin a"
            " new one with --create"
        )
    with _directory(data) as directory:
        made = directory.create_token(
            subject, type_, team or (), tenant, tenant_admin, scopes, _lifetime(expires) if expires else None
        )
    if json:
        members = _as_json(made)
        names = ("id", "token", "subject", "type", "teams", "tenant", "tenantAdmin", "scopes", "expiresAt")
        typer.echo(msgspec.json.encode({name: members[name] for name in names}))
    else:
        typer.echo(made.token)


@tokens.command("list")
def list_tokens(data: DataOption = _DATA, json: JsonOption = False) -> None:
    """List tokens; the tokens themselves are not kept."""
    with _directory(_existing(data)) as directory:
        found = directory.tokens()
    if json:
        typer.echo(msgspec.json.encode([_as_json(each) for each in found]))
        return
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(Column("id", no_wrap=True), "subject", "type", "teams", "tenant", "scopes", "expires", "state")
    for each in found:
        subject = f"{each.subject} (tenant admin)" if each.tenant_admin else each.subject
        expires = f"{each.expires_at:%Y-%m-%d %H:%M}" if each.expires_at else "never"
        state = "revoked" if each.revoked_at else "valid"
        table.add_row(
            each.id, subject, each.type, ", ".join(each.teams), each.tenant, ", ".join(each.scopes), expires, state
        )
    Console().print(table)


@tokens.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The id that list shows.")],
    data: DataOption = _DATA,
) -> None:
    """Make a token invalid; a running server follows within 5 seconds."""
    with _directory(_existing(data)) as directory:
        directory.revoke(token_id)
    typer.echo(f"token {token_id} is revoked")


@certificates.command("pin")
def print_pin(
    certificate: Annotated[
        Path | None, typer.Argument(help="PEM file; default: service.tls.certificate-path.", show_default=False)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Print what clients pin: the SHA-256 of the public key, in base64."""
    from meterd.tls import pin, read_certificate

    if certificate is None:
        tls = load(config).service.tls
        if tls is None:
            raise ConfigurationError("name a certificate, or settings with a section service.tls")
        certificate = Path(tls.certificate_path)
    typer.echo(pin(read_certificate(certificate)))


@certificates.command("self-signed")
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
    from meterd.tls import make_self_signed, names_of, pin

    made = make_self_signed(key, certificate, name or (), days)
    typer.echo(f"{certificate} is for {', '.join(names_of(made))} until {made.not_valid_after_utc:%Y-%m-%d}")
    typer.echo(f"pin {pin(made)}")


@contextmanager
def _directory(data: Path) -> Iterator[Directory]:
    directory = open_directory(prepare_data(data))
    try:
        yield directory
    finally:
        directory.close()


def _existing(data: Path) -> Path:
    if not data.is_dir():
        raise ConfigurationError(f"there is no data directory {data}; name it with --data or METERD_DATA")
    return data


def _lifetime(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([dhms])", text)
    if match is None:
        raise ConfigurationError(f"--expires must look like 30d, 12h, 15m or 45s, got {text}")
    unit = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}[match[2]]
    return timedelta(**{unit: int(match[1])})


def _as_json(details: TokenDetails) -> dict[str, Any]:
    """Members as `docs/specifications/interface.md` lists them; `token` only for a new one, `revokedAt` only for a
    revoked one.
    """
    members: dict[str, Any] = msgspec.to_builtins(details)
    return {name: value for name, value in members.items() if value is not None or name == "expiresAt"}
