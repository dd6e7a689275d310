"""Further nodes beside a server of a test, and the proxy in front of all of them (`--nodes=2`)."""

import copy
import re
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx2

from tests.nodes.proxy import RoundRobin

if TYPE_CHECKING:
    from tests.process import Meterd

_WAITS = re.compile(r"^meterd_(loader_backlog_bytes|usage_calls_waiting) (?!0(\.0)?$)", re.MULTILINE)
_PATIENCE = 5.0


class Beside:
    """The other nodes of an installation, which are as its first one but have data directories of their own.

    What is sent through `url` and `grpc` comes to the next node with each connection. It waits until all have loaded
    what they took, and the calls that they answered: so long a node doesn't know what another one was told, and tests
    of one node don't wait for it.
    """

    def __init__(self, first: "Meterd", count: int) -> None:
        self._opened = ExitStack()
        self.others = [_like(first, number).start() for number in range(2, count + 1)]
        nodes = [first, *self.others]
        self._own = [httpx2.Client(base_url=node.url, headers=_headers(first), verify=False) for node in nodes]
        for client in self._own:
            self._opened.enter_context(client)
        self.url = self._behind([node.url for node in nodes])
        self.grpc = self._behind([node.grpc for node in nodes]) if first.grpc else ""

    def _behind(self, urls: list[str]) -> str:
        ports = [int(url.rpartition(":")[2]) for url in urls]
        proxy = self._opened.enter_context(RoundRobin(ports, self._wait))
        return f"{urls[0].partition('://')[0]}://127.0.0.1:{proxy.port}"

    def _wait(self) -> None:
        """Wait until all nodes have loaded what they took and answered, as far as they tell."""
        deadline = time.monotonic() + _PATIENCE
        for client in self._own:
            try:
                while _WAITS.search(client.get("/metrics").text) and time.monotonic() < deadline:
                    time.sleep(0.02)
            except httpx2.HTTPError:
                continue  # it has ended, or takes no more connections

    def stop(self) -> list[int]:
        """End the others as the first one was ended; returns their statuses."""
        return [each.stop() for each in self.others]

    def kill(self) -> None:
        for each in self.others:
            each.kill()

    def close(self) -> None:
        """Close the proxy; nodes that run although the first one has ended are ended, too."""
        for each in self.others:
            if each.process.poll() is None:
                each.stop()
        self._opened.close()

    @property
    def log(self) -> bytes:
        return b"".join(each.log for each in self.others)


def _headers(node: "Meterd") -> dict[str, str]:
    return {"Authorization": f"Bearer {node.token}"}


def _like(first: "Meterd", number: int) -> "Meterd":
    """Make a node that is configured as the first one."""
    node = copy.copy(first)
    node.become(number)
    return node
