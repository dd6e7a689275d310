"""Which engine keeps the facts, and where: the setting `store.url`."""

from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from meterd.errors import ConfigurationError

_HELP = "use duckdb:, chdb:///absolute/directory or clickhouse://user@host:8443/database?secure=1"
_PORT, _SECURE_PORT = 8123, 8443
_SWITCHES = {"0": False, "1": True, "false": False, "true": True}


class Embedded(msgspec.Struct, frozen=True):
    """ClickHouse's engine within this process, on a directory."""

    directory: Path
    database: str = "meterd"


class Server(msgspec.Struct, frozen=True):
    """A ClickHouse server, or what stands before several, that is asked over HTTP."""

    host: str
    port: int
    user: str
    database: str
    is_secure: bool
    is_verified: bool = True
    authorities: str | None = None
    """File of the certificates of who signs the server's; None for those that everybody knows."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_url(url: str) -> Embedded | Server | None:
    """Read the setting; None for DuckDB. Raises `ConfigurationError`."""
    if url in ("duckdb", "duckdb:"):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"store.url is no address: {_HELP}") from None
    if parts.scheme == "chdb":
        directory = unquote(parts.path)
        if parts.netloc or parts.query or not directory.strip("/"):
            raise ConfigurationError(f"store.url names no directory: {_HELP}")
        return Embedded(Path(directory))
    if parts.scheme == "clickhouse":
        return _server(parts, port)
    raise ConfigurationError(f"store.url names no engine that is known: {_HELP}")


def _server(parts: SplitResult, port: int | None) -> Server:
    if parts.password is not None:
        raise ConfigurationError(
            "store.url must not hold a password: set METERD_STORE__PASSWORD, or name a file in store.password-file"
        )
    if not parts.hostname:
        raise ConfigurationError(f"store.url names no host: {_HELP}")
    database = unquote(parts.path).strip("/") or "meterd"
    if not database.isidentifier() or not database.isascii():
        raise ConfigurationError("the database in store.url must be a name of letters, digits and underscores")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    authorities = options.pop("ca", None)
    if options.keys() - {"secure", "verify"} or not all(value in _SWITCHES for value in options.values()):
        raise ConfigurationError("store.url takes the options secure and verify, each 0 or 1, and ca, which is a file")
    if authorities is not None and not Path(authorities).is_file():
        raise ConfigurationError("the file that store.url names as ca is not there")
    is_secure = _SWITCHES[options.get("secure", "1" if port == _SECURE_PORT else "0")]
    return Server(
        host=parts.hostname,
        port=port or (_SECURE_PORT if is_secure else _PORT),
        user=unquote(parts.username or "default"),
        database=database,
        is_secure=is_secure,
        is_verified=_SWITCHES[options.get("verify", "1")],
        authorities=authorities,
    )
