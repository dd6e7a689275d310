"""`meterd sign-in`."""

from typing import Annotated

import msgspec
import typer

from meterd.access import DEFAULT_TENANT, Scope, SubjectType
from meterd.commands.options import DATA, ConfigOption, DataOption, JsonOption, check_names
from meterd.data_directory import open_existing_metadata
from meterd.web.sessions import sign_in_link


def command(
    subject: Annotated[str, typer.Option(help="E-mail of a user, or name of a virtual account.")],
    type_: Annotated[SubjectType, typer.Option("--type", help="What the subject is.")] = SubjectType.USER,
    team: Annotated[list[str] | None, typer.Option(help="A team of the subject; repeat for more.")] = None,
    tenant: Annotated[str, typer.Option(help="The organisation.")] = DEFAULT_TENANT,
    tenant_admin: Annotated[bool, typer.Option("--tenant-admin", help="May see all of the tenant.")] = False,
    scope: Annotated[list[Scope] | None, typer.Option(help="Repeat for more; default: query.")] = None,
    url: Annotated[
        str, typer.Option(envvar="METERD_URL", help="Address of the server, as the browser reaches it.")
    ] = "http://127.0.0.1:8080",
    data: DataOption = DATA,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Print a link that signs somebody in at the web pages, once, within ten minutes; works while the server runs."""
    check_names(subject, tenant, team or ())
    metadata = open_existing_metadata(data, config)
    try:
        code = metadata.web_sessions.offer(subject, type_, team or (), tenant, tenant_admin, scope or [Scope.QUERY])
    finally:
        metadata.close()
    link = sign_in_link(url, code)
    typer.echo(msgspec.json.encode({"link": link}) if json else link)
