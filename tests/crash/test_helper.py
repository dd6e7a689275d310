"""The helper of a running server dies, or can't be started: exports are taken, once, and no process is left behind."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from meterd import reading
from meterd.supervision import HELPER, round_of
from tests.api.otlp.exports import PROTOBUF, chat, encoded, traces
from tests.crash.load import BUSY
from tests.process import OF_ONE_NODE, Meterd, plain_client
from tests.waiting import eventually

pytestmark = OF_ONE_NODE
SENDERS = 4
SPANS = 200


class Senders:
    """Threads that send exports of new spans, one after the other, until the block is left."""

    def __init__(self, server: Meterd) -> None:
        self._server = server
        self._is_over = threading.Event()
        self.statuses: list[int] = []

    def _send(self) -> None:
        with plain_client(self._server.token, self._server.url) as client:
            while not self._is_over.is_set():
                body = encoded(traces(*[chat() for _ in range(SPANS)]), PROTOBUF)
                answer = client.post("/v1/traces", content=body, headers={"content-type": PROTOBUF})
                self.statuses.append(answer.status_code)

    @contextmanager
    def busy(self) -> Iterator[None]:
        with ThreadPoolExecutor(SENDERS) as pool:
            sending = [pool.submit(self._send) for _ in range(SENDERS)]
            try:
                yield
            finally:
                self._is_over.set()
        for each in sending:
            each.result()


def metric(server: Meterd, name: str) -> float:
    lines = server.client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


def helpers(server: Meterd) -> set[int]:
    """Processes that help the server."""
    tasks = Path(f"/proc/{server.process.pid}/task").iterdir()
    children = [int(each) for task in tasks for each in content(task / "children").split()]
    return {each for each in children if reading.__name__.encode() in content(Path(f"/proc/{each}/cmdline"))}


def content(file: Path) -> bytes:
    """What a file of /proc says; nothing when its process or thread has just ended."""
    with suppress(OSError):
        return file.read_bytes()
    return b""


def counted(server: Meterd) -> int:
    (point,) = server.points(datasource="modelMetrics")
    return int(point["total"])


def is_reading(server: Meterd) -> bool:
    return metric(server, "meterd_helper_bodies_total") > 0


def test_killed_it_loses_and_refuses_nothing_and_another_one_follows(tmp_path: Path) -> None:
    with Meterd(tmp_path, environment=BUSY) as server:
        senders = Senders(server)
        with senders.busy():
            eventually(lambda: is_reading(server))
            (first,) = helpers(server)
            os.kill(first, signal.SIGKILL)
            eventually(lambda: helpers(server) - {first})
            before = metric(server, "meterd_helper_bodies_total")
            eventually(lambda: metric(server, "meterd_helper_bodies_total") > before)
        assert {200} == set(senders.statuses)
        assert counted(server) == SPANS * len(senders.statuses)
        (second,) = helpers(server)
        assert server.client.get("/readyz").text == "ok"
        assert server.stop() == 0

    assert not Path(f"/proc/{second}").exists()
    assert server.log.count(b'"worker": "helper"') == 2  # that it failed, and that it works again


def test_it_ends_with_a_server_that_is_killed(tmp_path: Path) -> None:
    with Meterd(tmp_path, environment=BUSY) as server:
        with Senders(server).busy():
            eventually(lambda: is_reading(server))
        (process,) = helpers(server)
        server.kill()
        eventually(lambda: not Path(f"/proc/{process}").exists())


def test_stopped_it_is_ended_when_the_requests_that_wait_are_over_and_exports_go_on(tmp_path: Path) -> None:
    with Meterd(tmp_path, environment=BUSY | {"METERD_SERVICE__TIMEOUT": "2"}) as server:
        senders = Senders(server)
        with senders.busy():
            eventually(lambda: is_reading(server))
            (first,) = helpers(server)
            os.kill(first, signal.SIGSTOP)
            eventually(lambda: first not in helpers(server))
            eventually(lambda: helpers(server))
            before = senders.statuses.count(200)
            eventually(lambda: senders.statuses.count(200) > before + 4 * SENDERS)
        taken = senders.statuses.count(200)
        assert {200, 504} >= set(senders.statuses)
        assert SPANS * taken <= counted(server) <= SPANS * len(senders.statuses)
        assert server.stop() == 0

    assert b"took longer than 2 s for a body" in server.log


def test_without_it_exports_are_read_by_the_service_and_readyz_says_so(tmp_path: Path) -> None:
    never = {"METERD_FAIL_POINT": f"{round_of(HELPER)}:1:fail"}
    with Meterd(tmp_path, environment=BUSY | never) as server:
        senders = Senders(server)
        with senders.busy():
            eventually(lambda: HELPER.consequence in server.client.get("/readyz").text)
        ready = server.client.get("/readyz")
        assert {200} == set(senders.statuses)
        assert counted(server) == SPANS * len(senders.statuses)
        assert (metric(server, "meterd_helper_bodies_total"), helpers(server)) == (0, set())
        assert server.stop() == 0

    assert ready.status_code == 200
    assert server.log.count(b"a worker failed, and tries again") == 1
