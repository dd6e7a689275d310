"""Sessions in memory, in the directory, and made again from facts."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy.exc import SQLAlchemyError

from meterd.api.sessions import active
from meterd.first_token import first_token
from meterd.service import Service
from meterd.settings import load
from tests import postgresql
from tests.process import OF_ONE_PROCESS, directory_environment

COLLECTIONS = ("state_history", "events", "metrics")


class Application:
    """A service in this process, spoken to over ASGI; `restart` makes a new one on the same data."""

    def __init__(self, data: Path, **environment: str) -> None:
        self._data = data
        self._environment = directory_environment(data) | environment
        self.start()
        self._token = first_token(self.service.tokens) or ""

    def start(self) -> None:
        self.service = Service(load(None, self._environment), self._data)
        transport = httpx2.ASGITransport(self.service.application)  # type: ignore[arg-type]
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://meterd")

    def act_as(self, subject: str, **details: Any) -> None:
        """Go on with a token of somebody else in the same tenant."""
        self._token = self.service.tokens.create(subject, **details).token or ""

    def restart(self) -> None:
        self.service.close()
        self.start()

    def forget_documents(self) -> None:
        """What is left of the sessions after this is facts."""
        self.service.close()
        self.change_directory("DELETE FROM sessions", "DELETE FROM session_progress")
        self.start()

    def change_directory(self, *statements: str) -> None:
        """Change what is kept, as nobody else does; each statement is committed."""
        url = self._environment.get("METERD_DIRECTORY__URL")
        file = self._data / "directory.sqlite"
        opened = postgresql.administrator(url) if url else sqlite3.connect(file, isolation_level=None)
        with closing(opened) as directory:
            for statement in statements:
                directory.execute(statement)

    async def send(self, method: str, path: str, idempotency_key: str = "", **options: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return await self._client.request(method, path, headers=headers, **options)

    async def begin(self, **details: str) -> str:
        response = await self.send("POST", "/api/sessions", json={"product": "p", "version": "1"} | details)
        assert 200 == response.status_code, response.text
        return f"/api/sessions/{response.json()['session_id']}"

    async def write(self, path: str, body: Any = None, **options: Any) -> None:
        response = await self.send("POST", path, **options if options else {"json": body})
        assert 200 == response.status_code, response.text

    async def document(self, path: str) -> dict[str, Any]:
        response = await self.send("GET", path)
        assert 200 == response.status_code, response.text
        document: dict[str, Any] = response.json()
        return document

    async def crowd(self) -> None:
        """Begin more sessions than are kept; a machine's beginning saves what changed, and makes room."""
        for number in range(4):
            await self.begin(machine_id=f"machine-{number}")


@pytest.fixture
def open_application(tmp_path: Path) -> Iterator[Callable[..., Application]]:
    """Makes an application with settings from the environment; it is closed in the end."""
    opened: list[Application] = []

    def open_(**environment: str) -> Application:
        opened.append(Application(tmp_path, **environment))
        return opened[-1]

    yield open_
    for application in opened:
        application.service.close()


@pytest.fixture
def application(open_application: Callable[..., Application]) -> Application:
    return open_application()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only two sessions are kept in memory."""
    monkeypatch.setattr(active, "_MAX_RECENT", 2)


async def lived(application: Application) -> str:
    """A session to which everything has happened."""
    path = await application.begin(machine_id="m", hostname="h")
    await application.write(f"{path}/state", {"a": {"b": 1, "c": 2}, "version": "2"})
    await application.write(f"{path}/state", {"state": {"a": {"c": None}}, "timestamp": "2026-01-31T12:00:00+01:00"})
    await application.write(f"{path}/events", {"name": "application_appears_hung", "labels": ["x"], "data": {"k": [1]}})
    await application.write(f"{path}/metrics", {"name": "fps", "value": 59.5, "tags": ["a:b"], "count": 3})
    await application.write(f"{path}/heartbeat")
    await application.write(f"{path}/end")
    return path


@pytest.mark.usefixtures("few")
async def test_a_session_that_made_room_is_as_it_was(application: Application) -> None:
    path = await lived(application)
    before = await application.document(path)
    await application.crowd()

    assert before == await application.document(path)

    await application.write(f"{path}/state", {"after": True})
    assert {**before["state"], "after": True} == (await application.document(path))["state"]


@pytest.mark.usefixtures("few")
async def test_sessions_take_turns_in_memory(application: Application) -> None:
    paths = [await application.begin() for _ in range(12)]
    for turn in range(3):
        await asyncio.gather(*(application.write(f"{path}/state", {f"turn-{turn}": turn}) for path in paths))
        await application.crowd()

    expected = {"product": "p", "version": "1", "turn-0": 0, "turn-1": 1, "turn-2": 2}
    assert [expected] * 12 == [(await application.document(path))["state"] for path in paths]


class SlowBody:
    """A body whose end is sent when `release` is called, after the server began to wait for it."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self.reached, self._released = asyncio.Event(), asyncio.Event()

    def release(self) -> None:
        self._released.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._text[:1]
        self.reached.set()
        await self._released.wait()
        yield self._text[1:]


@pytest.mark.usefixtures("few")
async def test_an_update_that_arrives_slowly_is_merged_into_what_happened_meanwhile(application: Application) -> None:
    path = await application.begin()
    body = SlowBody(b'{"slow": 1}')
    slow = asyncio.create_task(application.write(f"{path}/state", content=body))
    await body.reached.wait()
    await application.crowd()
    await application.write(f"{path}/state", {"quick": 2})
    body.release()
    await slow

    assert {"product": "p", "version": "1", "slow": 1, "quick": 2} == (await application.document(path))["state"]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("operation", "text", "collected"),
    [
        ("state", b'{"a": 1}', [1, 0, 0]),
        ("events", b'{"name": "e"}', [0, 1, 0]),
        ("metrics", b'{"name": "m", "value": 1}', [0, 0, 1]),
        ("crash", b"{}", [0, 1, 0]),
    ],
)
async def test_a_write_that_arrives_slowly_does_not_stop_others(
    application: Application, operation: str, text: bytes, collected: list[int]
) -> None:
    path = await application.begin()
    body = SlowBody(text)
    slow = asyncio.create_task(application.write(f"{path}/{operation}", content=body))
    await body.reached.wait()
    await application.crowd()
    body.release()
    await slow

    await application.crowd()

    other = await application.begin()
    application.restart()
    assert collected == [len((await application.document(path))[name]) for name in COLLECTIONS]
    assert (operation == "crash") is (await application.document(path))["crashed"]
    assert [] == (await application.document(other))["events"]


@pytest.mark.usefixtures("few")
async def test_a_save_that_fails_loses_nothing_of_other_sessions(application: Application) -> None:
    path, other = await application.begin(), await application.begin()
    body = SlowBody(b'{"name": "e"}')
    slow = asyncio.create_task(application.write(f"{path}/events", content=body))
    await body.reached.wait()
    await application.crowd()
    body.release()
    await slow
    await application.write(f"{other}/state", {"kept": True})
    for _ in range(2):  # the first may fail
        await application.send("POST", "/api/sessions", json={"product": "p", "version": "1", "machine_id": "m"})

    application.restart()

    assert {"product": "p", "version": "1", "kept": True} == (await application.document(other))["state"]


async def test_a_session_is_made_again_from_facts_when_its_document_is_lost(application: Application) -> None:
    path = await lived(application)
    crashed = await application.begin()
    await application.write(f"{crashed}/crash", {"reason": "why"})
    before = [await application.document(each) for each in (path, crashed)]

    application.forget_documents()

    assert before == [await application.document(each) for each in (path, crashed)]


async def test_a_session_that_was_made_again_belongs_to_whom_it_did(application: Application) -> None:
    application.act_as("owner", teams=("red",))
    path = await application.begin()
    before = await application.document(path)

    application.forget_documents()

    application.act_as("mate", teams=("red",))
    assert before == await application.document(path)
    application.act_as("stranger", teams=("blue",))
    assert 404 == (await application.send("GET", path)).status_code


async def test_a_session_that_was_made_again_goes_on(application: Application) -> None:
    path = await lived(application)
    application.forget_documents()
    await application.write(f"{path}/events", {"name": "application_recovered"})
    await application.write(f"{path}/state", {"later": True})
    document = await application.document(path)

    assert not document["hung"]
    assert {"product": "p", "version": "2", "a": {"b": 1}, "later": True} == document["state"]
    assert ["application_appears_hung", "application_recovered"] == [event["name"] for event in document["events"]]

    application.restart()
    assert document == await application.document(path)


async def test_a_session_of_a_lost_document_still_crashes_when_its_machine_comes_back(
    open_application: Callable[..., Application],
) -> None:
    application = open_application(METERD_SESSIONS__HEARTBEAT_TIMEOUT="0.05")
    path = await application.begin(machine_id="m")
    await application.write(f"{path}/heartbeat")
    application.forget_documents()
    while not (await application.document(path))["suspended"]:  # noqa: ASYNC110 - nothing tells of silence
        await asyncio.sleep(0.02)

    await application.begin(machine_id="m")

    assert (await application.document(path))["crashed"]


@OF_ONE_PROCESS
async def test_what_could_not_be_saved_is_made_again_from_facts(application: Application, tmp_path: Path) -> None:
    path = await application.begin(machine_id="m")
    directory = sqlite3.connect(tmp_path / "directory.sqlite", isolation_level=None)
    directory.execute("CREATE TRIGGER full BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'full'); END")
    await application.write(f"{path}/state", {"a": 1})
    other = await application.begin(machine_id="m")  # saves, or tries to
    directory.execute("DROP TRIGGER full")
    directory.close()
    await application.write(f"{other}/state", {"b": 2})
    before = [await application.document(each) for each in (path, other)]

    application.restart()

    assert [{"product": "p", "version": "1", "a": 1}, {"product": "p", "version": "1", "b": 2}] == [
        each["state"] for each in before
    ]
    assert before == [await application.document(each) for each in (path, other)]


@OF_ONE_PROCESS
async def test_a_service_whose_directory_is_full_still_writes_its_journal_and_releases_its_files(
    application: Application, tmp_path: Path
) -> None:
    path = await application.begin()
    await application.write(f"{path}/state", {"a": 1})
    before = await application.document(path)
    directory = sqlite3.connect(tmp_path / "directory.sqlite", isolation_level=None)
    directory.execute("CREATE TRIGGER full BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'full'); END")

    with contextlib.suppress(SQLAlchemyError):
        application.service.close()

    directory.execute("DROP TRIGGER full")
    directory.close()
    application.start()
    assert before == await application.document(path)


async def test_a_change_that_took_too_long_to_confirm_is_followed_when_it_was_recorded(
    open_application: Callable[..., Application], tmp_path: Path
) -> None:
    application = open_application(METERD_SERVICE__TIMEOUT="3")
    path = await application.begin()
    journal = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    journal.execute("BEGIN IMMEDIATE")
    late = await application.send("POST", f"{path}/state", json={"late": True})
    journal.execute("ROLLBACK")
    journal.close()
    assert late.status_code >= 500

    await application.write(f"{path}/state", {"next": True})
    document = await application.document(path)

    recorded = any("late" in each["state"] for each in document["state_history"])
    assert recorded is ("late" in document["state"])


async def test_a_repeated_update_whose_first_answer_was_lost_is_in_the_state(
    open_application: Callable[..., Application], tmp_path: Path
) -> None:
    application = open_application(METERD_SERVICE__TIMEOUT="3")
    path = await application.begin()
    journal = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    journal.execute("BEGIN IMMEDIATE")
    late = await application.send("POST", f"{path}/state", json={"a": 1}, idempotency_key="k")
    journal.execute("ROLLBACK")
    journal.close()
    assert late.status_code >= 500

    again = await application.send("POST", f"{path}/state", json={"a": 1}, idempotency_key="k")
    document = await application.document(path)

    assert 200 == again.status_code
    assert {"product": "p", "version": "1", "a": 1} == document["state"]
    assert [document["state"]] == [each["state"] for each in document["state_history"]]


async def test_positions_go_on_after_a_restart(application: Application) -> None:
    path = await application.begin()
    for number in range(3):
        await application.write(f"{path}/events", {"name": f"{number}"})
        application.restart()
    await application.write(f"{path}/events", {"name": "3"})

    assert ["0", "1", "2", "3"] == [event["name"] for event in (await application.document(path))["events"]]


async def test_concurrent_updates_of_one_session_are_all_merged(application: Application) -> None:
    path = await application.begin()
    await asyncio.gather(*(application.write(f"{path}/state", {f"{number}": number}) for number in range(50)))
    document = await application.document(path)

    assert {"product": "p", "version": "1"} | {f"{number}": number for number in range(50)} == document["state"]
    assert list(range(3, 53)) == [len(each["state"]) for each in document["state_history"]]
