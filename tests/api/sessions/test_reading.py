"""Large documents are read in pieces, and bounded."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from meterd.api.sessions import collections
from tests.agent.process import until
from tests.api.sessions.test_registry import COLLECTIONS, Application
from tests.process import Meterd, make_token


@pytest.fixture
def open_application(tmp_path: Path) -> Iterator[Callable[..., Application]]:
    opened: list[Application] = []

    def open_(**environment: str) -> Application:
        opened.append(Application(tmp_path, **environment))
        return opened[-1]

    yield open_
    for application in opened:
        application.service.close()


async def filled(application: Application, size: int = 10) -> str:
    path = await application.begin()
    for number in range(7):
        await application.write(f"{path}/state", {f"{number}": "ä" * size})
        await application.write(f"{path}/events", {"name": f"{number}", "data": {"text": "x" * size * (number % 3)}})
        await application.write(f"{path}/metrics", {"name": "m", "value": number, "metadata": {"text": "y" * size}})
    return path


async def pages(application: Application, path: str, name: str, limit: int) -> list[list[Any]]:
    found, more = [], f"limit={limit}"
    while more:
        document = await application.document(f"{path}?collection={name}&{more}")
        found.append(document[name])
        cursor = document["next"].get(name)
        more = cursor and f"limit={limit}&cursor={cursor}"
    return found


@pytest.mark.parametrize(("rows", "size"), [(1, 10**6), (2, 10**6), (3, 10**6), (5_000, 1), (5_000, 700), (2, 300)])
async def test_a_document_is_the_same_whatever_pieces_it_is_read_in(
    open_application: Callable[..., Application], monkeypatch: pytest.MonkeyPatch, rows: int, size: int
) -> None:
    application = open_application()
    paths = [await filled(application, 100), await application.begin(), await filled(application)]
    whole = [await application.document(path) for path in paths]
    monkeypatch.setattr(collections, "_MAX_ROWS", rows)
    monkeypatch.setattr(collections, "_MAX_BYTES", size)

    assert whole == [await application.document(path) for path in paths]
    assert whole == (await application.send("GET", "/api/data/sessions")).json()
    for name in COLLECTIONS:
        for limit in (1, 3, 7, 8):
            found = await pages(application, paths[0], name, limit)
            assert whole[0][name] == [each for page in found for each in page]
            assert all(len(page) <= limit for page in found)


async def test_a_document_that_is_too_large_is_read_in_pages(open_application: Callable[..., Application]) -> None:
    application = open_application(METERD_SESSIONS__MAX_DOCUMENT_BYTES="3000")
    path = await filled(application, 300)
    response = await application.send("GET", path)

    assert 413 == response.status_code
    assert "sessions.max-document-bytes" in response.json()["error"]
    names = [each["name"] for page in await pages(application, path, "events", 7) for each in page]
    assert [str(number) for number in range(7)] == names
    (exported,) = (await application.send("GET", "/api/data/sessions")).json()
    assert [7, 7, 7] == [len(exported[name]) for name in COLLECTIONS]


async def test_others_are_answered_while_much_is_read(open_application: Callable[..., Application]) -> None:
    application = open_application()
    path = await application.begin()
    rows = [{"sessionId": path.rpartition("/")[2], "name": "m", "value": number} for number in range(20_000)]
    await application.write("/api/svc/v1/llm-gateway/metrics/ingest?datasource=sessionMetrics", rows)
    reading = asyncio.create_task(application.send("GET", path))
    answered = 0
    while not reading.done():
        assert 200 == (await application.send("GET", "/healthz")).status_code
        answered += 1

    assert 20_000 == len(json.loads((await reading).content)["metrics"])
    assert answered > 10


def queries(meterd: Meterd) -> float:
    """How often points of sessions were asked for."""
    (line,) = [
        line
        for line in meterd.client.get("/metrics").text.splitlines()
        if line.startswith('meterd_query_seconds_count{dataset="session_metrics"}')
    ]
    return float(line.split()[-1])


def test_an_export_ends_when_its_client_goes(shared: Meterd) -> None:
    token = make_token(shared.data, "ann", tenant="left while exporting").token or ""
    headers = {"Authorization": f"Bearer {token}"}
    session = shared.client.post("/api/sessions", json={"product": "p", "version": "1"}, headers=headers).json()
    point = {"sessionId": session["session_id"], "name": "m" * 200, "value": 1}
    assert 200 == shared.ingest([point] * 50_000, "sessionMetrics", token=token).status_code
    before, logged = queries(shared), len(shared.log)

    address = httpx2.URL(shared.url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((address.host, address.port))
        lines = ("GET /api/data/sessions HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}", "", "")
        client.sendall("\r\n".join(lines).encode())
        assert b"200" in client.recv(1000)
    until(lambda: b"/api/data/sessions" in shared.log[logged:], "the export has ended")

    assert queries(shared) - before < 10  # there are 5,000 points in a piece, and one more piece is looked for
