import logging
from collections.abc import Iterator

import pytest

from meterd.client import Client, Session, SessionHandler
from tests.client.sessions.conftest import Read


@pytest.fixture
def session(client: Client) -> Session:
    return client.create_session("p", "1")


@pytest.fixture
def log(session: Session) -> Iterator[logging.Logger]:
    log = logging.getLogger("shop.till")
    handler = SessionHandler(session)
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield log
    log.removeHandler(handler)


def test_a_record_is_an_event(log: logging.Logger, session: Session, read: Read) -> None:
    log.warning("%d left", 3)
    session.flush()
    (event,) = read(session)["events"]
    assert ("log.shop.till", "warning", "shop.till", "3 left") == tuple(
        event[name] for name in ("name", "category", "group", "message")
    )
    assert ["WARNING", "shop.till", "test_a_record_is_an_event"] == event["labels"]
    data = event["data"]
    assert data.pop("pathname").endswith("test_handler.py")
    assert data.pop("lineno") > 0
    assert {
        "logger": "shop.till",
        "level_name": "WARNING",
        "funcName": "test_a_record_is_an_event",
        "module": "test_handler",
    } == data


def test_levels_are_categories(log: logging.Logger, session: Session, read: Read) -> None:
    for level in (10, 20, 30, 40, 50, 25):
        log.log(level, "x")
    session.flush()
    categories = [event["category"] for event in read(session)["events"]]
    assert ["debug", "info", "warning", "error", "critical", "info"] == categories


def test_an_exception_goes_along(log: logging.Logger, session: Session, read: Read) -> None:
    try:
        raise LookupError("gone")
    except LookupError:
        log.exception("failed")
    session.flush()
    (event,) = read(session)["events"]
    assert ("LookupError", "gone", "failed") == (event["exception_type"], event["exception_msg"], event["message"])
    assert event["stacktrace"]


def test_what_is_logged_after_the_end_is_passed_over(log: logging.Logger, session: Session, read: Read) -> None:
    session.end()
    log.warning("late")
    session.flush()
    assert [] == read(session)["events"]
