"""Worker processes behind one address are one service: to its callers, to whoever scrapes it, and while they change."""

import asyncio
import hashlib
import http.client
import os
import signal
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import grpc
import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from meterd.data_directory import directory_of_worker
from meterd.prefork.parent import Parent
from meterd.settings import Directory
from meterd.supervision import ADOPTION
from tests import waiting
from tests.certificates import self_signed
from tests.clickhouse import ClickHouse
from tests.grpc_exports import grpc_client
from tests.postgresql import database
from tests.process import METRICS, Meterd, plain_client

AT = "2026-01-02T03:04:05Z"
DATABASE = "workers"
TABLE = "guardrail_evaluations"
LEFT, LEFT_IN, LEFT_TABLE = 7, "modelMetrics", "model_calls"
"""How many facts a worker left that is no more, of which datasource and in which table."""
TAKEN = ("meterd_http_requests_total", "POST", f"{METRICS}/ingest", "200")
PATIENCE = 300.0
eventually = partial(waiting.eventually, seconds=PATIENCE)
"""Seconds that a busy machine may take for what is expected."""


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate and its key."""
    folder = tmp_path_factory.mktemp("tls")
    renew(folder)
    return folder


@pytest.fixture(scope="module")
def workers(clickhouse: ClickHouse, tls: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """Two processes, where there were three before, that serve with TLS and without; at the end all must end well."""
    environment = clickhouse.environment(DATABASE) | {
        "METERD_NODE__ID": "east",
        "METERD_OTLP__GRPC__LISTEN": "https://127.0.0.1:0",
        "METERD_SERVICE__TLS__KEY_PATH": str(tls / "key"),
        "METERD_SERVICE__TLS__CERTIFICATE_PATH": str(tls / "certificate"),
    }
    directory = Directory(url=database())
    data = tmp_path_factory.mktemp("data")
    leave_entries(directory_of_worker(data, 3), environment, directory)
    plain = ("--listen", "http://127.0.0.1:0")
    with Meterd(data, "--workers", "2", *plain, environment=environment, directory=directory) as served:
        yield served
        assert 0 == served.stop()


def leave_entries(data: Path, environment: dict[str, str], directory: Directory) -> None:
    """Do as a worker that is killed before it has loaded what it took."""
    never = {"METERD_STORE__LOAD_INTERVAL": "3600", "METERD_USAGE__RECORD": "off"}
    worker = Meterd(data, "--no-tls", environment=environment | never, directory=directory).start()
    assert (
        200
        == worker.ingest(
            [{"createdAt": AT, "spanId": str(number), "traceId": "left"} for number in range(LEFT)], LEFT_IN
        ).status_code
    )
    worker.kill()


def renew(folder: Path) -> str:
    """Make a new certificate for a new key, in the place of those that are there; returns the certificate's digest."""
    self_signed(folder / "certificate.new", folder / "key.new", alternative="IP:127.0.0.1")
    for name in ("key", "certificate"):
        (folder / f"{name}.new").replace(folder / name)
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert((folder / "certificate").read_text())).hexdigest()


def certificates(served: Meterd) -> set[tuple[str, str]]:
    """Each process by its name and the certificate that it answers with, of some connections at once."""
    host, port = served.log.decode().partition("meterd ready on https://")[2].split()[0].split(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def ask(_number: int) -> tuple[str, str]:
        with closing(http.client.HTTPSConnection(host, int(port), timeout=PATIENCE, context=context)) as connection:
            connection.request("GET", "/readyz", headers={"Authorization": f"Bearer {served.token}"})
            answer = connection.getresponse()
            shown = connection.sock.getpeercert(binary_form=True) or b""
        return answer.headers["x-meterd-node"], hashlib.sha256(shown).hexdigest()

    with ThreadPoolExecutor(8) as pool:
        return {*pool.map(ask, range(16))}


def processes(served: Meterd) -> set[int]:
    """The worker processes."""
    parent = served.process.pid
    return {int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


def metrics(served: Meterd) -> dict[tuple[str, ...], float]:
    """Those of all processes; none while one of them is too busy to tell."""
    with plain_client(served.token, served.url) as client:  # over a new connection, to whichever takes it
        page = client.get("/metrics")
    assert page.status_code in (200, 503), page.text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page.text if page.status_code == 200 else "")
        for sample in family.samples
    }


def counts(served: Meterd, taken: int, *, processes: int = 2, restarts: int = 0) -> bool:
    """Whether so many requests were taken in all, by how many processes, of which so many were started again."""
    found = metrics(served)
    names = (TAKEN, ("meterd_processes",), ("meterd_process_restarts_total",))
    return [found.get(name) for name in names] == [taken, processes, restarts]


SENT: list[str] = []
"""Every request that was taken."""


def send(client: httpx2.Client, trace: str, span: int) -> None:
    """Send a row, which must be taken."""
    row = {"createdAt": AT, "traceId": trace, "spanId": str(span)}
    answer = client.post(f"{METRICS}/ingest", params={"datasource": "guardrailMetrics"}, json=row)
    assert answer.status_code == 200, answer.text
    SENT.append(f"{trace} {span}")


class Sender:
    """Sends rows one after the other, each of which must be taken, over one connection or over one each."""

    def __init__(self, served: Meterd, name: str, *, keeps: bool) -> None:
        self._served = served
        self._name = name
        self._keeps = keeps
        self.taken = 0

    def send_until(self, done: threading.Event) -> None:
        while not done.is_set():
            with plain_client(self._served.token, self._served.url) as client:
                while not done.is_set():
                    send(client, self._name, self.taken)
                    self.taken += 1
                    time.sleep(0.05)
                    if not self._keeps:
                        break


def test_what_any_process_takes_is_counted_and_known_to_all(workers: Meterd, clickhouse: ClickHouse) -> None:
    for number in range(40):
        with plain_client(workers.token, workers.url) as client:
            send(client, "any", number // 2)  # each comes twice

    eventually(lambda: counts(workers, len(SENT)))
    eventually(lambda: {("meterd_node_info", "east-1"), ("meterd_node_info", "east-2")} < set(metrics(workers)))
    eventually(lambda: clickhouse.count(TABLE, DATABASE) == 20)


def test_what_a_worker_left_that_is_no_more_comes_into_the_store(workers: Meterd, clickhouse: ClickHouse) -> None:
    eventually(lambda: clickhouse.count(LEFT_TABLE, DATABASE) == LEFT)
    eventually(lambda: b"what it held is in the store" in workers.log)
    eventually(lambda: metrics(workers).get(("meterd_worker_up", ADOPTION.name)) == 1)


def test_a_renewed_certificate_is_the_one_of_every_process(workers: Meterd, tls: Path) -> None:
    renewed = renew(tls)

    eventually(lambda: certificates(workers) == {("east-1", renewed), ("east-2", renewed)})


def test_exports_over_grpc_come_to_one_address_with_tls(workers: Meterd, tls: Path) -> None:
    trusted = grpc.ssl_channel_credentials((tls / "certificate").read_bytes())

    for _ in range(8):
        with grpc_client(workers, workers.token, credentials=trusted) as client:
            assert b"" == client.send(b"")


def test_no_request_is_refused_while_all_are_restarted_one_after_the_other(
    workers: Meterd, clickhouse: ClickHouse, tls: Path
) -> None:
    old = processes(workers)
    renewed = renew(tls)
    senders = [Sender(workers, f"sender-{number}", keeps=number % 2 == 0) for number in range(4)]
    done = threading.Event()
    with ThreadPoolExecutor(len(senders)) as pool:
        sending = [pool.submit(sender.send_until, done) for sender in senders]
        try:
            eventually(lambda: all(sender.taken > 5 for sender in senders))
            workers.process.send_signal(signal.SIGHUP)
            eventually(lambda: b"all worker processes were restarted" in workers.log)
        finally:
            done.set()
        for each in sending:
            each.result()

    assert set() == old & processes(workers)
    eventually(lambda: certificates(workers) == {("east-1", renewed), ("east-2", renewed)})
    eventually(lambda: counts(workers, len(SENT)))  # what those took that have ended counts
    eventually(lambda: clickhouse.count(TABLE, DATABASE) == len(set(SENT)))


def test_a_process_that_is_killed_is_followed_by_another_one(workers: Meterd, clickhouse: ClickHouse) -> None:
    send(workers.client, "killed", 1)
    eventually(lambda: counts(workers, len(SENT)))
    os.kill(max(processes(workers)), signal.SIGKILL)

    eventually(lambda: counts(workers, len(SENT), restarts=1))
    eventually(lambda: clickhouse.count(TABLE, DATABASE) == len(set(SENT)))


async def test_a_first_start_that_fails_ends_the_whole() -> None:
    parent = Parent([sys.executable, "-c", "raise SystemExit(1)"], 2, [])

    async with asyncio.timeout(PATIENCE):
        assert 1 == await parent.run(lambda: None)
