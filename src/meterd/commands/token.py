"""`meterd token`: the commands that create, list and revoke tokens."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Column, Table

from meterd.access import DEFAULT_TENANT, Scope, SubjectType
from meterd.access.tokens import TokenDetails
from meterd.commands.options import DATA, ConfigOption, DataOption, JsonOption, check_names, existing
from meterd.data_directory import open_existing_metadata, open_metadata, prepare_data
from meterd.errors import ConfigurationError
from meterd.metadata import Tokens
from meterd.settings import load

command = typer.Typer(help="Create, list and revoke tokens; works while the server runs.", no_args_is_help=True)


@command.command("create")
def create_token(
    subject: Annotated[str, typer.Option(help="E-mail of a user, or name of a virtual account.")],
    type_: Annotated[SubjectType, typer.Option("--type", help="What the subject is.")] = SubjectType.USER,
    team: Annotated[list[str] | None, typer.Option(help="A team of the subject; repeat for more.")] = None,
    tenant: Annotated[str, typer.Option(help="The organisation.")] = DEFAULT_TENANT,
    tenant_admin: Annotated[bool, typer.Option("--tenant-admin", help="May see all of the tenant.")] = False,
    scope: Annotated[list[Scope] | None, typer.Option(help="Repeat for more; default: ingest and query.")] = None,
    expires: Annotated[str | None, typer.Option(help="Lifetime such as 30d, 12h or 15m; default: none.")] = None,
    data: DataOption = DATA,
    config: ConfigOption = None,
    create: Annotated[bool, typer.Option("--create", help="Begin a new data directory when there is none.")] = False,
    json: JsonOption = False,
) -> None:
    """Create a token and print it once."""
    scopes = scope or [Scope.INGEST, Scope.QUERY]
    check_names(subject, tenant, team or ())
    if create:
        metadata = open_metadata(prepare_data(data), load(config).directory)
    else:
        metadata = open_existing_metadata(data, config, ", or begin a new one with --create")
    with closing(metadata):
        tokens = metadata.tokens
        made = tokens.create(
            subject, type_, team or (), tenant, tenant_admin, scopes, _lifetime(expires) if expires else None
        )
    if json:
        members = _as_json(made)
        names = ("id", "token", "subject", "type", "teams", "tenant", "tenantAdmin", "scopes", "expiresAt")
        typer.echo(msgspec.json.encode({name: members[name] for name in names}))
    else:
        typer.echo(made.token)


@command.command("list")
def list_tokens(data: DataOption = DATA, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List tokens; the tokens themselves are not kept."""
    with _tokens(data, config) as tokens:
        found = tokens.all()
    if json:
        typer.echo(msgspec.json.encode([_as_json(each) for each in found]))
        return
    table = Table(Column("id", no_wrap=True), "subject", "type", "teams", "tenant", "scopes", "expires", "state")
    for each in found:
        subject = f"{each.subject} (tenant admin)" if each.tenant_admin else each.subject
        expires = f"{each.expires_at:%Y-%m-%d %H:%M}" if each.expires_at else "never"
        state = "revoked" if each.revoked_at else "valid"
        table.add_row(
            each.id, subject, each.type, ", ".join(each.teams), each.tenant, ", ".join(each.scopes), expires, state
        )
    Console().print(table)


@command.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The id that list shows.")],
    data: DataOption = DATA,
    config: ConfigOption = None,
) -> None:
    """Make a token invalid; a running server follows within 5 seconds."""
    token_id = token_id.encode("utf-8", "backslashreplace").decode()  # of an argument that is not UTF-8
    with _tokens(data, config) as tokens:
        tokens.revoke(token_id)
    typer.echo(f"token {token_id} is revoked")


@contextmanager
def _tokens(data: Path, config: Path | None) -> Iterator[Tokens]:
    settings = load(config).directory
    with closing(open_metadata(data if settings.is_postgresql else prepare_data(existing(data)), settings)) as metadata:
        yield metadata.tokens


def _lifetime(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([dhms])", text)
    if match is None:
        raise ConfigurationError(f"--expires must look like 30d, 12h, 15m or 45s, got {text}")
    unit = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}[match[2]]
    return timedelta(**{unit: int(match[1])})


def _as_json(details: TokenDetails) -> dict[str, object]:
    """Members as `docs/specifications/interface.md` lists them; `token` only for a new one, `revokedAt` only for a
    revoked one.
    """
    members: dict[str, object] = msgspec.to_builtins(details)
    return {name: value for name, value in members.items() if value is not None or name == "expiresAt"}
