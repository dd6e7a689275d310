"""The `meterd` command."""

import gc
import os
import re
import signal
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
import uvicorn

from meterd import __version__, logs
from meterd.access import DEFAULT_TENANT, Scope, SubjectType
from meterd.access.directory import Directory, TokenDetails
from meterd.collect.command import collectors
from meterd.errors import ConfigurationError, MeterdError
from meterd.service import Service, first_token, listening, open_directory, prepare_data
from meterd.settings import Settings, describe, load

app = typer.Typer(help="A self-hosted metrics service for AI agents and LLM gateways.", no_args_is_help=True,
                  add_completion=False, pretty_exceptions_enable=False)  # fmt: skip
tokens = typer.Typer(help="Create, list and revoke tokens; works while the server runs.", no_args_is_help=True)
app.add_typer(tokens, name="token")
app.add_typer(collectors, name="collect")

ConfigOption = Annotated[Path | None, typer.Option("--config", envvar="METERD_CONFIG", help="Settings file (YAML).")]
DataOption = Annotated[Path, typer.Option("--data", envvar="METERD_DATA", help="Directory for all that is kept.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_DATA = Path("meterd-data")
_GRACE = 10


def main() -> None:
    """Entry point: errors of ours are one sentence and status 1. Files are readable by their owner only."""
    os.umask(0o077)
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
        str | None, typer.Option(help="HOST:PORT to listen on, default 127.0.0.1:8080.", show_default=False)
    ] = None,
    no_tls: Annotated[bool, typer.Option("--no-tls", help="Plain HTTP, whatever the settings say.")] = False,
) -> None:
    """Run the service until SIGTERM or SIGINT."""
    settings = load(config, flags={"service.listen": listen} if listen else None)
    logs.configure(settings.logging)
    host, port = settings.service.address
    with listening(host, port) as listener:
        service = Service(settings, data)
        try:
            tls = None if no_tls else settings.service.tls
            port = listener.getsockname()[1]
            url = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
            server = _Server(_server_config(service, settings, no_tls), lambda: _announce(service, url, data))
            server.run(sockets=[listener])
        finally:
            service.close()
            gc.unfreeze()


def _server_config(service: Service, settings: Settings, no_tls: bool) -> uvicorn.Config:
    tls = None if no_tls else settings.service.tls
    files: dict[str, Any] = {}
    if tls:
        for name, path in (("ssl_keyfile", tls.key_path), ("ssl_certfile", tls.certificate_path)):
            if not Path(path).is_file():
                raise ConfigurationError(f"service.tls: there is no file {path}; --no-tls serves plain HTTP")
            files[name] = path
    config = uvicorn.Config(
        service.application,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE,
        **files,
    )
    try:
        config.load()
    except OSError as error:  # of which the errors of ssl are a kind
        raise ConfigurationError(f"service.tls: can't use the key and certificate: {error.strerror or error}") from None
    return config


class _Server(uvicorn.Server):
    """uvicorn, except that a signal leads to status 0, and that it tells when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        def stop(_signal: int, _frame: types.FrameType | None) -> None:
            self.should_exit = True

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        yield


def _announce(service: Service, url: str, data: Path) -> None:
    gc.collect()
    gc.freeze()  # what is loaded by now stays: collections need not look at it again
    gc.set_threshold(50_000, 20, 50)  # requests leave hardly any cycles behind
    token = first_token(service.directory)
    if token:
        sys.stderr.write(
            f"\nThis is the first start on {data}. Your administrator token, shown only now:\n\n    {token}\n\n"
            f"Keep it safe, then try:\n\n    export METERD_TOKEN={token}\n"
            f'    curl {url}/metric -H "Authorization: Bearer $METERD_TOKEN" -d \''
            '{"attributes": {"agent_id": "demo", "platform": "DATABRICKS"}, '
            '"meter": {"name": "ai_guard.agent", "value": "120"}}\'\n\n'
            f"Tokens for others: meterd token create --subject NAME --data {data}\nAPI: {url}/docs\n\n"
        )
    sys.stderr.write(f"meterd ready on {url}\n")
    sys.stderr.flush()


@app.command()
def agent() -> None:
    """Run the local agent, to which applications hand their session telemetry, until SIGTERM or SIGINT."""
    from meterd.agent.main import run

    sys.exit(run())


@app.command("check-config")
def check_config(config: ConfigOption = None) -> None:
    """Check the settings and print the effective ones."""
    settings = load(config)
    _ = settings.service.address
    typer.echo(describe(settings), nl=False)


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
    json: JsonOption = False,
) -> None:
    """Create a token and print it once."""
    scopes = scope or [Scope.INGEST, Scope.QUERY]
    for name, value in (("subject", subject), ("tenant", tenant), *(("team", each) for each in team or ())):
        if not value or not value.isprintable() or len(value) > 128:
            raise ConfigurationError(f"--{name} must have 1 to 128 printable characters")
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
        table.add_row(each.id, subject, each.type, ", ".join(each.teams), each.tenant, ", ".join(each.scopes), expires,
                      state)  # fmt: skip
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
    """Members as `shared/interface.md` lists them; `token` only for a new one, `revokedAt` only for a revoked one."""
    members: dict[str, Any] = msgspec.to_builtins(details)
    return {name: value for name, value in members.items() if value is not None or name == "expiresAt"}
