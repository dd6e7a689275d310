"""How a parent and its workers begin: what they share, and what each has for itself."""

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from meterd.data_directory import worker_directories
from meterd.errors import ConfigurationError
from meterd.prefork.adoption import WorkerAdoption
from meterd.prefork.messages import Order
from meterd.prefork.parent import Parent
from meterd.serving import Port
from meterd.settings import Listener, Settings
from meterd.supervision import Supervisor

if TYPE_CHECKING:
    from meterd.tls import ServedCertificate

_SHARED = "clickhouse://"


def adoption_of(settings: Settings, data: Path, order: Order | None, supervisor: Supervisor) -> WorkerAdoption:
    """Return what loads the journals of workers that there were more of before.

    Of processes that share a store the first one does so, if there are any.
    """
    is_first = order is None or order.number == 1
    shares = settings.store.url.startswith(_SHARED) and settings.directory.is_postgresql
    count = order.count if order else 1
    left = [each for number, each in worker_directories(data).items() if number > count] if is_first and shares else []
    return WorkerAdoption(left, settings, supervisor)


def of_worker(settings: Settings, number: int) -> Settings:
    """Return the settings of a worker, which has a name of its own where the node has one."""
    name = settings.node.id and f"{settings.node.id}-{number}"
    return msgspec.structs.replace(settings, node=msgspec.structs.replace(settings.node, id=name))


def inherited(order: Order, settings: Settings, certificate: "ServedCertificate | None") -> list[Port]:
    """Return the ports that a worker shares with the others."""
    return [
        Port(socket.socket(fileno=fd), each.host, certificate.context if certificate and each.tls else None)
        for fd, each in zip(order.sockets, settings.service.listeners, strict=True)
    ]


def keep_workers(
    count: int, ports: Sequence[Port], grpc: Sequence[Listener], on_ready: Callable[[list[str]], None]
) -> int:
    """Serve by several processes until SIGTERM or SIGINT; returns the status of the whole.

    `on_ready` is called with the addresses for gRPC when all of them answer.
    """
    with ExitStack() as opened:
        held = [opened.enter_context(_reserved(each)) for each in grpc]
        shared = [(each.host, port, each.tls) for each, port in zip(grpc, held, strict=True)]
        command = [sys.executable, "-P", "-m", "meterd", *sys.argv[1:]]
        parent = Parent(command, count, [port.socket for port in ports], shared)
        addresses = [f"{'https' if tls else 'http'}://{_host(host)}:{port}" for host, port, tls in shared]
        return asyncio.run(parent.run(lambda: on_ready(addresses)))


@contextmanager
def _reserved(listener: Listener) -> Iterator[int]:
    """Keep a port for the workers, who listen there for gRPC each by itself. Yields its number."""
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    with socket.socket(family) as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            reserved.bind((listener.host, listener.port))
        except OSError as error:
            raise ConfigurationError(
                f"otlp.grpc.listen: can't listen on {listener.host}:{listener.port}: {error.strerror}"
            ) from None
        yield reserved.getsockname()[1]


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def require_shared(settings: Settings) -> None:
    """Raise `ConfigurationError` unless several processes can have the store and the directory in common."""
    if not settings.store.url.startswith(_SHARED):
        own = "the engine in chdb:// belongs" if settings.store.url.startswith("chdb:") else "DuckDB belongs"
        raise ConfigurationError(
            "--workers needs a store that several processes share: set store.url to a ClickHouse server, "
            f"clickhouse://…; {own} to one process"
        )
    if not settings.directory.is_postgresql:
        raise ConfigurationError(
            "--workers needs a directory that several processes share: set directory.url to a PostgreSQL server, "
            "postgresql://…; SQLite belongs to one data directory, and each worker has its own"
        )
