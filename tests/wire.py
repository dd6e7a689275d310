"""A wire to a server, which a test cuts, or lets nothing pass."""

import contextlib
import selectors
import socket
import threading
from types import TracebackType
from typing import Self

_CHUNK = 65536


class Wire:
    """Takes connections at `port`, and passes on what goes to and fro, in a thread: a context manager."""

    def __init__(self, host: str, port: int) -> None:
        self._server = host, port
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._is_cut = self._hangs = False
        self._asked = threading.Event()
        self._lock = threading.Lock()  # guards: _pairs, _is_cut, _hangs
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ending, self._end = socket.socketpair()
        self._thread = threading.Thread(target=self._run)

    def cut(self) -> None:
        """End all connections, and take no more."""
        with self._lock:
            self._is_cut, self._hangs = True, False
            for each in self._pairs:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def hang(self) -> None:
        """Pass nothing on, and answer nothing."""
        with self._lock:
            self._hangs = True
            self._asked.clear()

    def mend(self) -> None:
        """Let all pass again, but for what was held back meanwhile."""
        with self._lock:
            self._is_cut = self._hangs = False

    def is_asked(self) -> None:
        """Return when somebody has sent something that hangs."""
        assert self._asked.wait(30), "nobody has asked"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._end.close()
        self._thread.join()
        for each in (self._listener, self._ending, *self._pairs):
            each.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._ending, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._ending:
                        return
                    if key.fileobj is self._listener:
                        self._take(selector)
                    else:
                        assert isinstance(key.fileobj, socket.socket)
                        self._pass_on(selector, key.fileobj)

    def _take(self, selector: selectors.BaseSelector) -> None:
        client, _ = self._listener.accept()
        with self._lock:
            if self._is_cut:
                client.close()
                return
            server = socket.create_connection(self._server)
            self._pairs |= {client: server, server: client}
        for each in (client, server):
            selector.register(each, selectors.EVENT_READ)

    def _pass_on(self, selector: selectors.BaseSelector, source: socket.socket) -> None:
        target = self._pairs.get(source)
        if target is None:  # ended by the other side a moment ago
            return
        try:
            data = source.recv(_CHUNK)
        except OSError:
            data = b""
        with self._lock:
            if data and self._hangs:
                self._asked.set()
                return
        try:
            if data:
                target.sendall(data)
                return
        except OSError:
            pass
        for each in (source, target):
            with self._lock:
                del self._pairs[each]
            selector.unregister(each)
            each.close()
