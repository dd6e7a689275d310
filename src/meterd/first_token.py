"""The administrator's first token: shown on a terminal, and otherwise kept in a file that the log names."""

import os
import sys
from pathlib import Path

from meterd.access import Scope
from meterd.errors import ConfigurationError
from meterd.metadata import Tokens, WebSessions
from meterd.web.sessions import sign_in_link

NAME = "admin"
FILE_NAME = "administrator-token"


def announce_first_token(tokens: Tokens, sessions: WebSessions, data: Path, url: str, curl: str) -> None:
    """Make an administrator's token when there is no token at all, and say where it is. Raises `ConfigurationError`.

    On a terminal there is also a link that signs the administrator in at the web pages.

    Where standard error goes to a journal or a collector of logs, a token in it would be kept for all who read those.
    """
    if tokens.exist():
        return
    if sys.stderr.isatty():
        token = first_token(tokens)
        link = sign_in_link(url, sessions.offer(NAME, tenant_admin=True, scopes=(Scope.QUERY, Scope.ADMIN)))
        where = (
            f"Open this link within ten minutes, it signs in once:\n\n    {link}\n\n"
            f"Your administrator token, shown only now:\n\n    {token}\n\nKeep it safe, then try:"
        )
        value = token
    else:
        path = data.absolute() / FILE_NAME
        _write(path, tokens)
        where = f"Your administrator token is in {path}. Keep it safe, delete the file, and try:"
        value = f"$(cat {path})"
    sys.stderr.write(
        f"\nThis is the first start on {data}. {where}\n\n    export METERD_TOKEN={value}\n"
        f'    {curl} {url}/metric -H "Authorization: Bearer $METERD_TOKEN" -d \''
        '{"attributes": {"agent_id": "demo", "platform": "DATABRICKS"}, '
        '"meter": {"name": "ai_guard.agent", "value": "120"}}\'\n\n'
        f"Tokens for others: meterd token create --subject NAME --data {data}\n"
        f"Links to sign in:  meterd sign-in --subject NAME --data {data}\nAPI: {url}/docs\n\n"
    )


def first_token(tokens: Tokens) -> str | None:
    """Create an administrator's token when there is no token at all."""
    if tokens.exist():
        return None
    return tokens.create(NAME, tenant_admin=True, scopes=tuple(Scope)).token


def _write(path: Path, tokens: Tokens) -> None:
    """Write the file first: a token that nobody can read would never be made again."""
    try:
        path.unlink(missing_ok=True)
        path.touch(0o600, exist_ok=False)
        with path.open("w", encoding="ascii") as file:
            file.write(f"{first_token(tokens)}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigurationError(f"can't write the administrator's token to {path}: {error.strerror}") from None
