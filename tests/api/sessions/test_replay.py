"""What documents follow of stored facts, and in which order and with which times these are recorded."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.api.sessions.test_registry import Application
from tests.process import OF_ONE_PROCESS

FORGED = 2**63 - 1
YEAR_2039 = 2_180_000_000 * 10**9


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    application = Application(tmp_path)
    yield application
    application.service.close()


class Past:
    """Rows as earlier versions stored them, added while no server runs."""

    def __init__(self, application: Application, data: Path) -> None:
        self._application = application
        self._data = data

    def store(self, table: str, **columns: Any) -> None:
        columns = {
            "tenant": "default",
            "subject": "admin",
            "subject_type": "user",
            "teams": [],
            "product": "p",
            "version": "1",
            "ts": datetime(2026, 1, 1),  # noqa: DTZ001 - as stored
        } | columns
        self._application.service.close()
        with duckdb.connect(str(self._data / "store.duckdb")) as store:
            places = ", ".join("?" * len(columns))
            store.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", list(columns.values()))
        self._application.start()


@pytest.fixture
def past(application: Application, tmp_path: Path) -> Past:
    return Past(application, tmp_path)


def id_of(path: str) -> str:
    return path.rpartition("/")[2]


async def skipped(application: Application, reason: str) -> float:
    page = (await application.send("GET", "/metrics")).text
    lines = [line for line in page.splitlines() if line.startswith("meterd_session_facts_skipped_total{")]
    return sum(float(line.split()[-1]) for line in lines if f'"{reason}"' in line)


async def names_of(application: Application, path: str) -> list[str]:
    return [event["name"] for event in (await application.document(path))["events"]]


@OF_ONE_PROCESS
async def test_a_forged_position_makes_no_session_vanish(application: Application, past: Past) -> None:
    path = await application.begin()
    past.store("session_metrics", tenant="rival", session_id="x", position=FORGED, name="m", value=1)
    await application.write(f"{path}/state", {"a": 1})
    later = await application.begin()
    application.restart()

    assert 1 == (await application.document(path))["state"]["a"]
    assert {"product": "p", "version": "1"} == (await application.document(later))["state"]
    assert 1 == await skipped(application, "position")


@OF_ONE_PROCESS
async def test_a_store_that_a_forged_position_has_spoilt_heals(application: Application, past: Past) -> None:
    """After such a fact there were no positions left, and nothing that was recorded then was followed at a start."""
    path = await application.begin()
    await application.write(f"{path}/state", {"a": 1})
    past.store("session_metrics", tenant="rival", session_id="x", position=FORGED, name="m", value=1)
    past.store("session_states", session_id="late", change="create", state='{"product": "p", "late": true}')
    past.store("session_states", session_id=id_of(path), change="state", state='{"a": 2}')
    application.service.close()
    application.change_directory(f"UPDATE session_progress SET position = {FORGED}")
    application.start()

    assert {"product": "p", "late": True} == (await application.document("/api/sessions/late"))["state"]
    assert {"a": 2} == (await application.document(path))["state"]
    await application.write(f"{path}/state", {"a": 3})
    application.restart()
    assert {"a": 3} == (await application.document(path))["state"]
    assert {"product": "p", "late": True} == (await application.document("/api/sessions/late"))["state"]


async def test_facts_that_are_followed_again_change_nothing(application: Application) -> None:
    paths = [await application.begin(machine_id="m") for _ in range(3)]
    for path in paths:
        await application.write(f"{path}/state", {"large": "x" * 10_000, "a": {"b": None}})
        await application.write(f"{path}/state", {"a": {"c": {"d": None}}})
        await application.write(f"{path}/events", {"name": "application_appears_hung"})
        await application.write(f"{path}/heartbeat")
    await application.write(f"{paths[0]}/crash")
    await application.write(f"{paths[1]}/events", {"name": "application_recovered"})
    await application.write(f"{paths[1]}/end")
    before = [await application.document(path) for path in paths]
    application.service.close()
    application.change_directory("UPDATE session_progress SET position = 0")
    application.start()

    assert before == [await application.document(path) for path in paths]


async def test_beats_of_slow_clocks_are_followed_again_by_their_arrival(application: Application) -> None:
    path = await application.begin()
    await application.write(f"{path}/heartbeat", {"timestamp": "2026-01-31T12:00:00Z"})
    before = await application.document(path)
    assert before["active"]

    application.restart()
    assert before == await application.document(path)
    application.forget_documents()
    assert before == await application.document(path)

    await application.write(f"{path}/end", {"timestamp": "2026-01-31T12:00:00Z"})
    ended = await application.document(path)
    assert before["last_heartbeat"] == ended["ended_at"]
    application.forget_documents()
    assert ended == await application.document(path)


@OF_ONE_PROCESS
@pytest.mark.parametrize(
    ("whose", "reason"),
    [
        ({"tenant": "rival"}, "another tenant"),
        ({"subject": "eve"}, "another subject"),
        ({"subject": "eve", "teams": ["everyone"]}, "a team that is everybody's"),
        ({"subject_type": "virtualaccount"}, "an account of the same name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_fact_of_somebody_who_may_not_write_to_a_session_changes_nothing_of_it(
    application: Application, past: Past, whose: dict[str, Any], reason: str
) -> None:
    path = await application.begin()
    before = await application.document(path)
    past.store(
        "session_events", session_id=id_of(path), position=time.time_ns(), name="application_appears_hung", **whose
    )
    after = await application.document(path)

    assert not after["hung"], reason
    assert before["updated_at"] == after["updated_at"]
    assert 1 == await skipped(application, "owner")


@OF_ONE_PROCESS
async def test_a_fact_of_somebody_who_may_write_to_a_session_is_followed(application: Application, past: Past) -> None:
    application.act_as("ann", teams=("red",))
    path = await application.begin()
    past.store(
        "session_events",
        session_id=id_of(path),
        position=time.time_ns(),
        name="application_appears_hung",
        subject="bob",
        teams=["red", "blue"],
    )

    assert (await application.document(path))["hung"]


async def test_a_clock_that_was_wrong_once_gives_its_time_to_nothing_later(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await application.begin()
    with monkeypatch.context() as wrong:
        wrong.setattr(time, "time_ns", lambda: YEAR_2039)
        await application.write(f"{path}/events", {"name": "wrong"})
        await application.write(f"{path}/heartbeat")
    await application.write(f"{path}/events", {"name": "right"})
    await application.write(f"{path}/metrics", {"name": "m", "value": 1})
    await application.write(f"{path}/heartbeat")
    await application.write(f"{path}/state", {"a": 1})
    other = await application.begin()
    documents = [await application.document(each) for each in (path, other)]

    this_year = f"{datetime.now(UTC).year}"
    times = [documents[0][name] for name in ("created_at", "updated_at", "last_heartbeat")]
    times += [each["timestamp"] for name in ("metrics", "state_history") for each in documents[0][name]]
    times += [documents[1]["created_at"], documents[1]["updated_at"]]
    assert {this_year} == {each[:4] for each in times}
    assert ["2039", this_year] == [event["timestamp"][:4] for event in documents[0]["events"]]
    assert documents[0]["active"]

    application.restart()
    assert documents == [await application.document(each) for each in (path, other)]
    application.forget_documents()
    assert documents == [await application.document(each) for each in (path, other)]


async def test_a_clock_that_is_set_back_does_not_break_the_order(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await application.begin()
    clock = time.time_ns
    await application.write(f"{path}/events", {"name": "first"})
    monkeypatch.setattr(time, "time_ns", lambda: clock() - 3600 * 10**9)
    await application.write(f"{path}/events", {"name": "second"})
    await application.write(f"{path}/state", {"a": 1})
    application.restart()
    await application.write(f"{path}/events", {"name": "third"})
    await application.write(f"{path}/state", {"a": 2})

    assert ["first", "second", "third"] == await names_of(application, path)
    application.restart()
    assert ["first", "second", "third"] == await names_of(application, path)
    assert 2 == (await application.document(path))["state"]["a"]


async def test_a_heartbeat_of_a_time_to_come_is_no_sign_of_life(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await application.begin()
    with monkeypatch.context() as wrong:
        wrong.setattr(time, "time_ns", lambda: YEAR_2039)
        await application.write(f"{path}/heartbeat")
    assert (await application.document(path))["suspended"]

    await application.write(f"{path}/heartbeat")
    assert (await application.document(path))["active"]
