"""Large documents are read in pieces, and bounded."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from meterd.api.sessions import collections
from tests.api.sessions.test_registry import COLLECTIONS, Application


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
    monkeypatch.setattr(collections, "_ROWS", rows)
    monkeypatch.setattr(collections, "_BYTES", size)

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
