"""No call of a session raises for data: what can't be sent as it is is kept as text."""

import dataclasses
import logging
import os
from collections import UserDict
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pytest

from meterd.client import Client, Session, SessionHandler
from tests.client.sessions.conftest import Read, names

PATH = os.fsdecode(b"caf\xe9.txt")
ESCAPED = r"caf\udce9.txt"


class Unwilling:
    def __str__(self) -> str:
        raise RuntimeError("no")


class Broken(UserDict[str, int]):
    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no")


@dataclasses.dataclass
class Document:
    path: str


def endless() -> dict[str, Any]:
    itself: dict[str, Any] = {"path": PATH}
    itself["again"] = [itself]
    return itself


def deep() -> list[Any]:
    nested: list[Any] = [PATH]
    for _ in range(5000):
        nested = [nested]
    return nested


@pytest.fixture
def session(client: Client) -> Session:
    return client.create_session(PATH, PATH, machine_id=PATH, hostname=PATH)


def test_text_that_is_no_unicode_is_escaped_wherever_it_is(session: Session, read: Read) -> None:
    session.update_state({PATH: {"path": PATH}})
    session.log_event(PATH, PATH, PATH, [PATH], PATH, {PATH: [PATH]}, stacktrace=[PATH], source_file=PATH)
    session.log_exception(OSError(PATH), data={"path": PATH})
    session.log_metric(PATH, 1, tags=[PATH], type=PATH, unit=PATH, metadata={PATH: PATH})
    session.log_counter("count", tags=[PATH])
    session.log_histogram("size", 1, tags=[PATH], unit=PATH)
    with session.timer("print", tags=[PATH]):
        pass
    session.crash(PATH)
    session.flush()
    shown = read(session)
    assert (ESCAPED, ESCAPED) == (shown["machine_id"], shown["hostname"])
    assert {"product": ESCAPED, "version": ESCAPED, ESCAPED: {"path": ESCAPED}} == shown["state"]
    event, error, crash = shown["events"]
    for member in ("name", "category", "group", "message", "source_file"):
        assert ESCAPED == event[member]
    assert ([ESCAPED], [ESCAPED], {ESCAPED: [ESCAPED]}) == (event["labels"], event["stacktrace"], event["data"])
    assert (ESCAPED, {"path": ESCAPED}) == (error["message"], error["data"])
    assert ESCAPED == crash["data"]["reason"]
    assert [ESCAPED, "print", "count", "size"] == names(shown["metrics"])
    assert [[ESCAPED]] * 4 == [metric["tags"] for metric in shown["metrics"]]
    assert (ESCAPED, ESCAPED, {ESCAPED: ESCAPED}) == tuple(
        shown["metrics"][0][member] for member in ("type", "unit", "metadata")
    )


def test_halves_that_meet_are_a_character(session: Session, read: Read) -> None:
    session.log_event("typed", message="\ud83d" + "\ude00")
    session.flush()
    assert "😀" == read(session)["events"][0]["message"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (PurePosixPath("a/b"), "a/b"),
        (KeyError, "<class 'KeyError'>"),
        (1j, "1j"),
        ({(1, 2): {None: 3}}, {"(1, 2)": {"None": 3}}),
        ([{"a": 1j}, 2], [{"a": "1j"}, 2]),
        (Document("plain"), {"path": "plain"}),
        (Document(PATH), f"Document(path='{ESCAPED}')"),
        (Unwilling(), "a Unwilling that can't be shown"),
        (Broken(a=1), "{'a': 1}"),
    ],
)
def test_what_has_no_form_in_json_is_kept_as_text(session: Session, read: Read, value: object, kept: object) -> None:
    session.update_state({"v": value})
    session.log_event("e", data={"v": value})
    session.log_metric("m", 1, metadata={"v": value})
    session.flush()
    shown = read(session)
    assert [kept] * 3 == [shown["state"]["v"], shown["events"][0]["data"]["v"], shown["metrics"][0]["metadata"]["v"]]


def test_what_holds_itself_or_is_too_deep_is_cut(session: Session, read: Read) -> None:
    session.log_event("e", data={"endless": endless(), "deep": deep()})
    session.flush()
    (event,) = read(session)["events"]
    assert ESCAPED == event["data"]["endless"]["path"]
    assert ["endless", "deep"] == list(event["data"])


def test_texts_may_be_made_of_anything_that_is_one(session: Session, read: Read) -> None:
    odd: Any = session
    odd.log_event("e", 3, PurePosixPath("a"), [1, None], ValueError("m"), stacktrace="at f", exception_type=KeyError)
    odd.log_metric("m", "12.5", tags=(1, PurePosixPath("b")), type=b"own", unit=2)
    session.log_counter("c", True)
    session.flush()
    shown = read(session)
    (event,) = shown["events"]
    assert ("3", "a", ["1", "None"], "m", ["at f"], "<class 'KeyError'>") == tuple(
        event[member] for member in ("category", "group", "labels", "message", "stacktrace", "exception_type")
    )
    metric, counter = shown["metrics"]
    assert (12.5, ["1", "b"], "b'own'", "2") == tuple(metric[member] for member in ("value", "tags", "type", "unit"))
    assert 1.0 == counter["value"]


def test_tags_may_be_none_and_each_counts_once(session: Session, read: Read) -> None:
    session.log_metric("m", 1, tags=None)
    session.log_gauge("m", 1, None)
    session.log_timer("m", 1, tags=None)
    with session.timer("m", tags=None):
        pass
    session.log_gauge("m", 1, ["a", "a"])
    session.log_counter("c", tags=None)
    session.log_counter("c", tags=["a", "a"])
    session.log_counter("c", tags=["a"])
    session.log_histogram("h", 1, tags=None)
    session.log_event("e", labels=["a", "b", "a"])
    session.flush()
    shown = read(session)
    assert ["a", "b"] == shown["events"][0]["labels"]
    assert [("m", None)] * 4 + [("m", ["a"]), ("c", None), ("c", ["a"]), ("h", None)] == [
        (metric["name"], metric.get("tags")) for metric in shown["metrics"]
    ]
    assert [1.0, 2.0] == [metric["value"] for metric in shown["metrics"] if metric["name"] == "c"]


def test_a_record_of_such_a_text_arrives(session: Session, read: Read) -> None:
    log = logging.getLogger("meterd_tests.odd")
    log.propagate = False
    log.addHandler(handler := SessionHandler(session))
    try:
        log.warning("cannot open %s", PATH)
    finally:
        log.removeHandler(handler)
    session.flush()
    (event,) = read(session)["events"]
    assert ("log.meterd_tests.odd", f"cannot open {ESCAPED}") == (event["name"], event["message"])
