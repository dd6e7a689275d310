"""A proxy in front of several nodes, which takes the next one for each connection."""

import itertools
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

_CHUNK = 65536


class RoundRobin:
    """Takes connections at `url`, and passes on what goes to and fro: a context manager."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = itertools.cycle(ports)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        serving = []
        with suppress(OSError):  # it is closed
            while True:
                client, _ = self._listener.accept()
                serving.append(threading.Thread(target=_serve, args=(client, next(self._ports))))
                serving[-1].start()
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


def _serve(client: socket.socket, port: int) -> None:
    """Pass on what comes from either side until both have ended."""
    with client, socket.create_connection(("127.0.0.1", port)) as node:
        forth = threading.Thread(target=_pass_on, args=(client, node))
        forth.start()
        _pass_on(node, client)
        forth.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes from one side until it ends."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
