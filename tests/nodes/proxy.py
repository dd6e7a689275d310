"""A proxy in front of several nodes, which takes the next one for each connection."""

import itertools
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

_CHUNK = 65536


class RoundRobin:
    """Takes connections at `url`, and passes on what goes to and fro: a context manager.

    `before` is called before the beginning of what a client asks is passed on.
    """

    def __init__(self, ports: Sequence[int], before: Callable[[], None] = lambda: None) -> None:
        self._ports = itertools.cycle(ports)
        self._before = before
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._clients: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        serving = []
        with suppress(OSError):  # it is closed
            while True:
                client, _ = self._listener.accept()
                self._clients.add(client)
                serving.append(threading.Thread(target=self._serve, args=(client, next(self._ports)), daemon=True))
                serving[-1].start()
        for client in [*self._clients]:
            with suppress(OSError):  # it has gone by itself
                client.shutdown(socket.SHUT_RDWR)
        for each in serving:
            each.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self, client: socket.socket, port: int) -> None:
        """Pass on what comes from either side until both have ended; end when the node is not there."""
        with suppress(ConnectionRefusedError), client, socket.create_connection(("127.0.0.1", port)) as node:
            asked = threading.Event()
            forth = threading.Thread(target=_pass_on, args=(client, node, partial(self._begin, asked)), daemon=True)
            forth.start()
            _pass_on(node, client, asked.clear)
            forth.join()
        self._clients.discard(client)

    def _begin(self, asked: threading.Event) -> None:
        if not asked.is_set():
            asked.set()
            self._before()


def _pass_on(source: socket.socket, target: socket.socket, before: Callable[[], None]) -> None:
    """Pass on what comes from one side until it ends."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            before()
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
