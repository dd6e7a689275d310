"""Sessions of the made-up company: those of the history as facts, those of now through the sessions' API."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Protocol

import msgspec

from meterd.access import DEFAULT_TENANT
from meterd.api.sessions.bodies import Event, Metric, merge
from meterd.api.sessions.model import CRASH_DETECTED, Session
from meterd.api.sessions.rows import change_row, event_row, metric_row
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES, Dataset
from meterd.demo.facts import Fact
from meterd.demo.rhythm import arrivals, pace
from meterd.demo.runs import Item, Run, Runs
from meterd.demo.story import Span, Story

if TYPE_CHECKING:
    from meterd.api.sessions.rows import SessionRow


class Poster(Protocol):
    """Sends a body to an address of the server."""

    def post(self, path: str, body: bytes) -> bytes: ...


class _Created(msgspec.Struct):
    session_id: str


class Sessions:
    """Sessions, of which so many begin in a busy hour."""

    def __init__(self, random: Random, story: Story, busy: float) -> None:
        self._random = random
        self._end = story.history.end
        self._busy = busy
        self._runs = Runs(random, story)
        self._pending: list[tuple[datetime, int, Item, str]] = []
        """What will happen after the time that was reached, in its order, with the id of its session."""
        self._remembered = 0

    def facts(self, span: Span) -> Iterator[Fact]:
        """Yield the facts of all sessions that begin in a span of the history, as far as it goes."""
        for run in self._begun(span):
            yield from _facts([item for item in run.items if item.at < self._end], run)
            self._remember([item for item in run.items if item.at >= self._end], run.id)

    def send(self, span: Span, door: Poster) -> None:
        """Send what happens in a span of time: sessions begin, and those that are under way go on."""
        for run in self._begun(span):
            create = {
                "product": run.product,
                "version": run.version,
                "machine_id": f"m-{run.person.id}",
                "hostname": run.machine,
            }
            answer = door.post("/api/sessions", msgspec.json.encode(create))
            id_ = msgspec.json.decode(answer, type=_Created).session_id
            self._remember(run.items, id_)
        while self._pending and self._pending[0][0] < span.end:
            _, _, item, id_ = heappop(self._pending)
            door.post(f"/api/sessions/{id_}/{item.operation}", msgspec.json.encode(item.body))

    def _remember(self, items: list[Item], id_: str) -> None:
        for item in items:
            self._remembered += 1
            heappush(self._pending, (item.at, self._remembered, item, id_))

    def _begun(self, span: Span) -> Iterator[Run]:
        for at in arrivals(self._random, span, lambda at: self._busy * pace(at, self._end)):
            yield self._runs.make(at)


def _facts(items: list[Item], run: Run) -> Iterator[Fact]:
    """Make the facts that the sessions' API makes of what it is sent, at the times at which it happened."""
    person = run.person
    session = Session(
        run.id,
        DEFAULT_TENANT,
        person.slug,
        person.kind,
        (person.team,),
        run.product,
        run.version,
        run.begins,
        run.begins,
        f"m-{person.id}",
        run.machine,
        state={"product": run.product, "version": run.version},
    )
    state = msgspec.json.encode(session.state).decode()
    yield _placed(SESSION_STATES, change_row(session, "create", state=state), run.begins, 0)
    for number, item in enumerate(items, 1):
        for dataset, row in _rows(session, item):
            yield _placed(dataset, row, item.at, number)


def _rows(session: Session, item: Item) -> "Iterator[tuple[Dataset, SessionRow]]":
    body = msgspec.json.encode(item.body)
    match item.operation:
        case "events":
            yield SESSION_EVENTS, event_row(session, msgspec.json.decode(body, type=Event))
        case "metrics":
            yield SESSION_METRICS, metric_row(session, msgspec.json.decode(body, type=Metric))
        case "state":
            session.state = merge(session.state, item.body)
            state = msgspec.json.encode(session.state).decode()
            yield SESSION_STATES, change_row(session, "state", state=state)
        case "crash":
            yield SESSION_STATES, change_row(session, "crash")
            event = Event(name=CRASH_DETECTED, category="critical", data=msgspec.Raw(body))
            yield SESSION_EVENTS, event_row(session, event)
        case change:
            yield SESSION_STATES, change_row(session, change)


def _placed(dataset: Dataset, row: "SessionRow", at: datetime, number: int) -> Fact:
    """Give a row its time, and a position, which are nanoseconds of its arrival."""
    microseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    row.ts = row.arrived_at = at
    row.position = microseconds * 1000 + number % 1000
    return Fact(dataset, row)
