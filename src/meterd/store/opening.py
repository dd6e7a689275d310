"""Opens the store that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import structs

from meterd import memory
from meterd.errors import ConfigurationError
from meterd.settings import Settings
from meterd.settings import Store as StoreSettings
from meterd.store.addresses import Embedded, Server, parse_url
from meterd.store.base import Store
from meterd.store.duckdb import DuckDBStore
from meterd.store.duckdb_erasure import DuckDBErasure
from meterd.store.duckdb_files import DuckDBFiles
from meterd.store.erasure import Erasure
from meterd.store.fact_files import FactFiles

if TYPE_CHECKING:
    from meterd.store.clickhouse.connections import Connections

_PATIENCE = 5.0
"""Seconds that an answer may come later than its query may take."""
_LONG_PATIENCE = 3600.0
"""Seconds that an answer may take to what is done with a whole month."""
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
        _require_no_more(limits)
        return DuckDBStore(duckdb, limits.memory, limits.threads, limits.spill, settings.query.memory)
    if limits.cluster and isinstance(address, Embedded):
        raise ConfigurationError("store.cluster needs a ClickHouse server, store.url names the engine in this process")
    with _needs_driver(address):
        from meterd.store.clickhouse.store import ClickHouseStore
    return ClickHouseStore(
        address,
        progress,
        memory.in_bytes(settings.query.memory),
        settings.query.timeout + _PATIENCE,
        _password(limits),
        limits.cluster or "",
    )


def check_store(settings: Settings) -> None:
    """Check what the settings say of the store, and ask no server. Raises `ConfigurationError`.

    Whether the embedded store can be opened is left to who starts a service with the same limits, `embedded`.
    """
    if parse_url(settings.store.url) is None:
        _require_no_more(settings.store)
        return
    with TemporaryDirectory(prefix="meterd-check-") as empty:
        open_store(Path(empty) / "store.duckdb", Path(empty) / "store.sqlite", settings).close()


def _require_no_more(limits: StoreSettings) -> None:
    if limits.cluster or limits.password or limits.password_file:
        raise ConfigurationError("store.cluster, store.password and store.password-file are for ClickHouse only")


def embedded(limits: StoreSettings) -> StoreSettings:
    """Return the same limits for a store of one's own, for who must not write where others keep their facts."""
    return structs.replace(limits, url="duckdb:", cluster=None, password=None, password_file=None)


def open_fact_files(duckdb: Path, directory: Path, settings: Settings) -> FactFiles:
    """Open the store for files in a directory; the embedded one is opened for this alone.

    Raises `ConfigurationError`.
    """
    limits, address = settings.store, parse_url(settings.store.url)
    if address is None:
        return DuckDBFiles(duckdb, directory, limits.memory, limits.threads, limits.spill)
    with _needs_driver(address):
        from meterd.store.clickhouse.files import ClickHouseFiles
    return ClickHouseFiles(_connections(address, limits), limits.cluster or "")


def open_erasure(duckdb: Path, settings: Settings) -> Erasure:
    """Open the store to take persons out of it; the embedded one is opened for this alone.

    Raises `ConfigurationError`.
    """
    limits, address = settings.store, parse_url(settings.store.url)
    if address is None:
        return DuckDBErasure(duckdb, limits.memory, limits.threads, limits.spill)
    with _needs_driver(address):
        from meterd.store.clickhouse.erasing import ClickHouseErasure
    return ClickHouseErasure(_connections(address, limits), limits.cluster or "")


@contextmanager
def _needs_driver(address: Embedded | Server) -> Iterator[None]:
    """Say what is to be installed when an import within the block fails."""
    try:
        yield
    except ImportError:
        raise ConfigurationError(_DRIVERS[type(address)]) from None


def _connections(address: Embedded | Server, limits: StoreSettings) -> "Connections":
    """Return connections for work that takes long."""
    from meterd.store.clickhouse.connections import Connections

    return Connections(address, _password(limits), _LONG_PATIENCE)


def _password(limits: StoreSettings) -> str:
    if not limits.password_file:
        return limits.password or ""
    if limits.password:
        raise ConfigurationError("set store.password or store.password-file, not both")
    try:
        return Path(limits.password_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read store.password-file: {error}") from None
