"""Opens the store that the settings name."""

from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import structs

from meterd import memory
from meterd.errors import ConfigurationError
from meterd.settings import Settings
from meterd.settings import Store as StoreSettings
from meterd.store.addresses import Embedded, Server, parse_url
from meterd.store.base import Store
from meterd.store.duckdb import DuckDBStore

_PATIENCE = 5.0
"""Seconds that an answer may come later than its query may take."""
_DRIVERS = {
    Server: "store.url: ClickHouse needs a driver: pip install clickhouse-connect",
    Embedded: "store.url: ClickHouse's engine is not installed: pip install clickhouse-connect chdb-core",
}


def open_store(duckdb: Path, progress: Path, settings: Settings) -> Store:
    """Open the store.

    `duckdb` is the file of the embedded store; `progress`, of another one, keeps how far the journal is in there.
    Raises `ConfigurationError`.
    """
    limits = settings.store
    address = parse_url(limits.url)
    if address is None:
        if limits.cluster or limits.password or limits.password_file:
            raise ConfigurationError("store.cluster, store.password and store.password-file are for ClickHouse only")
        return DuckDBStore(duckdb, limits.memory, limits.threads, limits.spill, settings.query.memory)
    if limits.cluster and isinstance(address, Embedded):
        raise ConfigurationError("store.cluster needs a ClickHouse server, store.url names the engine in this process")
    try:
        from meterd.store.clickhouse.store import ClickHouseStore
    except ImportError:
        raise ConfigurationError(_DRIVERS[type(address)]) from None
    return ClickHouseStore(
        address,
        progress,
        memory.in_bytes(settings.query.memory),
        settings.query.timeout + _PATIENCE,
        _password(limits),
        limits.cluster or "",
    )


def check_store(settings: Settings) -> None:
    """Check what the settings say of the store, and ask no server. Raises `ConfigurationError`."""
    with TemporaryDirectory(prefix="meterd-check-") as empty:
        open_store(Path(empty) / "store.duckdb", Path(empty) / "store.sqlite", settings).close()


def embedded(limits: StoreSettings) -> StoreSettings:
    """Return the same limits for a store of one's own, for who must not write where others keep their facts."""
    return structs.replace(limits, url="duckdb:", cluster=None, password=None, password_file=None)


def _password(limits: StoreSettings) -> str:
    if not limits.password_file:
        return limits.password or ""
    if limits.password:
        raise ConfigurationError("set store.password or store.password-file, not both")
    try:
        return Path(limits.password_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read store.password-file: {error}") from None
