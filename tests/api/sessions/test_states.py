"""Facts of states hold what was sent, and states are known from them all the same."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterd.api.sessions import collections
from meterd.api.sessions.bodies import merge
from meterd.api.sessions.collections import completed
from tests.api.sessions.test_registry import Application

LARGE: dict[str, Any] = {"large": "x" * 20_000}


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    application = Application(tmp_path)
    yield application
    application.service.close()


def journalled(application: Application, data: Path) -> int:
    """Bytes of states in the store, once all are there."""
    application.service.close()

    with duckdb.connect(str(data / "store.duckdb"), read_only=True) as store:
        (size,) = store.execute(
            "SELECT sum(coalesce(strlen(state), 0) + coalesce(strlen(state_update), 0)) FROM session_states"
        ).fetchall()[0]
    application.start()
    return int(size)


async def updated(
    application: Application, count: int, before: Callable[[int], object] = lambda _: None
) -> tuple[str, list[Any]]:
    """A session with a large state after small updates of it, and its state after each of them."""
    path = await application.begin()
    state: dict[str, Any] = {"product": "p", "version": "1"}
    states: list[Any] = []
    for update in (LARGE, *({"small": {str(number % 7): number}, "gone": None} for number in range(count))):
        before(len(states))
        await application.write(f"{path}/state", update)
        state = merge(state, update)
        states.append(state)
    return path, states


async def history(application: Application, path: str, query: str = "") -> list[Any]:
    return [each["state"] for each in (await application.document(f"{path}{query}"))["state_history"]]


async def test_small_updates_of_a_large_state_cost_about_what_was_sent(
    application: Application, tmp_path: Path
) -> None:
    path, states = await updated(application, 60)

    assert states == await history(application, path)
    assert journalled(application, tmp_path) < 5 * 20_000


async def test_states_are_known_after_a_restart_and_from_facts_alone(application: Application) -> None:
    def restart_at_the_tenth(number: int) -> None:
        if number == 10:
            application.restart()

    path, states = await updated(application, 25, restart_at_the_tenth)
    document = await application.document(path)

    application.restart()
    assert document == await application.document(path)
    application.forget_documents()
    assert document == await application.document(path)
    await application.write(f"{path}/state", {"small": None})
    assert [*states, {name: value for name, value in states[-1].items() if name != "small"}] == await history(
        application, path
    )


async def test_a_page_of_states_begins_with_any_of_them(application: Application) -> None:
    path, states = await updated(application, 9)
    found, cursor = [], ""
    while True:
        document = await application.document(f"{path}?collection=state_history&limit=1{cursor}")
        found += [each["state"] for each in document["state_history"]]
        if "state_history" not in document["next"]:
            break
        cursor = f"&cursor={document['next']['state_history']}"

    assert states == found


async def test_pieces_are_bounded_by_the_states_that_they_show(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, states = await updated(application, 9)
    monkeypatch.setattr(collections, "_MAX_BYTES", 50_000)

    assert states == await history(application, path)
    (exported,) = (await application.send("GET", "/api/data/sessions")).json()
    assert states == [each["state"] for each in exported["state_history"]]


async def test_the_export_says_where_states_go_on_that_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = Application(tmp_path, METERD_SESSIONS__MAX_DOCUMENT_BYTES="90000")
    try:
        path, states = await updated(application, 9)
        monkeypatch.setattr(collections, "_MAX_BYTES", 50_000)
        (exported,) = (await application.send("GET", "/api/data/sessions")).json()
        shown = [each["state"] for each in exported["state_history"]]
        cursor = exported["next"]["state_history"]

        assert states[: len(shown)] == shown
        rest = await history(application, path, f"?collection=state_history&limit=3&cursor={cursor}")
        assert states[len(shown) : len(shown) + len(rest)] == rest
        assert rest
    finally:
        application.service.close()


JSON = st.recursive(
    st.none() | st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("ab"), inner), max_leaves=6
)


@given(st.lists(st.tuples(st.dictionaries(st.sampled_from("ab"), JSON), st.booleans()), min_size=1, max_size=8))
@settings(max_examples=200)
def test_states_made_of_updates_are_those_that_were(updates: list[tuple[dict[str, Any], bool]]) -> None:
    state: dict[str, Any] = {}
    rows: list[tuple[Any, ...]] = [(0, None, None, "{}", None, "id")]
    states: list[Any] = [{}]
    for position, (update, is_whole) in enumerate(updates, 1):
        state = merge(state, update)
        states.append(state)
        text, part = (json.dumps(state), None) if is_whole else (None, json.dumps(update))
        rows.append((position, None, None, text, part, "id"))
    shown = completed(rows[1:], {"id": rows[:1]}, 10**6)

    assert states[1:] == [json.loads(row[3]) for row in shown]
