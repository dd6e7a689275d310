"""The sessions that somebody asks for: by time, product, version, status, state now or ever, and events
(`docs/specifications/sessions.md` section 11).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from meterd.access import Caller
from meterd.api.sessions.model import HUNG, RECOVERED, Session
from meterd.api.sessions.parameters import Parameters
from meterd.api.sessions.registry import Registry
from meterd.datasets import SESSION_EVENTS, SESSION_STATES, Dataset
from meterd.errors import InvalidInput
from meterd.query.engine import QueryEngine
from meterd.query.model import Compare, Comparison, Condition, Field, Group, IsNull, JSONText, OneOf, Or, Query, every

MAX_SESSIONS = 10_000
"""Sessions of a tenant, the newest ones, that are looked at for one answer."""
FILTER_MODES = ("none", "current_state", "state_history", "state_array_contains")
SELECTION = frozenset(
    {"from", "to", "product", "version", "status", "event", "filter_mode", "filter_path", "filter_value"}
)
"""Names of the parameters that select sessions."""
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


class Status(NamedTuple):
    """A status to ask for: how it is told by what a session is now, and an event that must have happened."""

    fits: Callable[[str, bool], bool]
    event: str | None = None


def _is(status: str) -> Status:
    return Status(lambda now, hung: now == status)


STATUSES = {
    **{name: _is(name) for name in ("active", "suspended", "crashed", "ended")},
    "hung": Status(lambda now, hung: hung),
    "ever_hung": Status(lambda now, hung: True, HUNG),
    "hung_recovered": Status(lambda now, hung: not hung, RECOVERED),
    "hung_ended": Status(lambda now, hung: hung and now == "ended"),
    "hung_crashed": Status(lambda now, hung: now == "crashed", HUNG),
}


class StateTest(msgspec.Struct, frozen=True):
    """A value at a path of a state: now, at any time (`state_history`), or in an array (`state_array_contains`)."""

    mode: str
    path: str
    value: str

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """What the path may mean: dots go into objects, or are part of one name."""
        return tuple(dict.fromkeys((tuple(self.path.split(".")), (self.path,))))

    def fits(self, state: dict[str, object]) -> bool:
        """Tell whether a state of now has the value; of the history it can't be told here."""
        if self.mode == "state_array_contains":
            arrays = (_at(state, path) for path in self.paths)
            return any(isinstance(each, list) and self.value in map(_text, each) for each in arrays)
        return self.mode == "state_history" or self.value in (_text(_at(state, path)) for path in self.paths)


class Wanted(msgspec.Struct, frozen=True):
    """The sessions that a request asks for: those that fulfil all that is not None."""

    since: datetime | None = None
    before: datetime | None = None
    product: str | None = None
    version: str | None = None
    status: str | None = None
    event: str | None = None
    state: StateTest | None = None

    def fits(self, session: Session, now: datetime, timeout: timedelta) -> bool:
        """Tell whether a session is one of them, as far as its document says."""
        return (
            (self.product is None or self.product == session.product)
            and (self.version is None or self.version == session.version)
            and (self.status is None or STATUSES[self.status].fits(status_of(session, now, timeout), session.hung))
            and (self.state is None or self.state.fits(session.state))
        )


class Selected(NamedTuple):
    """Sessions without their states, newest first.

    Where there are more than are looked at, those that were not began before `older`.
    """

    sessions: list[Session]
    now: datetime
    older: datetime | None = None

    @property
    def complete(self) -> bool:
        """Tell whether all were looked at."""
        return self.older is None


def wanted(parameters: Parameters) -> Wanted:
    """Read which sessions a request asks for. Raises `InvalidInput`."""
    mode = parameters.choice("filter_mode", FILTER_MODES) or "none"
    path, value = parameters.text("filter_path"), parameters.text("filter_value")
    if mode != "none" and (not path or value is None):
        raise InvalidInput(f"filter_mode {mode} needs filter_path and filter_value")
    return Wanted(
        parameters.time("from"),
        parameters.time("to"),
        parameters.text("product"),
        parameters.text("version"),
        parameters.choice("status", STATUSES),
        parameters.text("event"),
        StateTest(mode, path or "", value or "") if mode != "none" else None,
    )


def status_of(session: Session, now: datetime, timeout: timedelta) -> str:
    """Tell what a session is: active, suspended, crashed or ended; it may be hung besides."""
    if session.crashed:
        return "crashed"
    if session.ended_at:
        return "ended"
    return "suspended" if session.is_suspended(now, timeout) else "active"


class Selector:
    """Finds the sessions that a caller asks for, and may see."""

    def __init__(self, registry: Registry, engine: QueryEngine) -> None:
        self._registry = registry
        self._engine = engine

    async def select(self, wanted: Wanted, caller: Caller) -> Selected:
        """Return sessions, newest first. Raises `InvalidInput` when facts that decide are too many."""
        allowed = [await self._sessions_of(*each, wanted, caller) for each in _of_facts(wanted)]
        await self._registry.follow()
        return await self._engine.shape(caller, self._look, wanted, caller, allowed)

    async def counts(self, dataset: Dataset, sessions: Iterable[Session], caller: Caller) -> dict[str, int]:
        """Count the facts of each session that has any."""
        ids = tuple(session.id for session in sessions)
        return await self._counted(dataset, OneOf(Field("session_id"), ids), caller) if ids else {}

    def _look(self, wanted: Wanted, caller: Caller, allowed: list[set[str]]) -> Selected:
        """Look at documents; blocking."""
        now, chosen, times = datetime.now(UTC), list[Session](), list[datetime]()
        for found in self._registry.newest(wanted.since, wanted.before, caller):
            if len(times) >= MAX_SESSIONS and found.times:
                older = cut_before(times, found.times[0])
                return Selected([session for session in chosen if session.created_at >= older], now, older)
            for session in found.sessions:
                if wanted.fits(session, now, self._registry.timeout) and all(session.id in ids for ids in allowed):
                    session.state = {}
                    chosen.append(session)
            times += found.times
        return Selected(chosen, now)

    async def _sessions_of(self, dataset: Dataset, test: Condition, wanted: Wanted, caller: Caller) -> set[str]:
        """Return the ids of sessions with a fact that passes a test."""
        equal = {"product": wanted.product, "version": wanted.version}
        tests = [Compare(Field(name), Comparison.EQUAL, value) for name, value in equal.items() if value is not None]
        arrived = Compare(Field("arrived_at"), Comparison.GREATER_OR_EQUAL, wanted.since) if wanted.since else None
        later = Or((arrived, IsNull(Field("arrived_at")))) if arrived else None
        return set(await self._counted(dataset, every(test, later, *tests), caller))

    async def _counted(self, dataset: Dataset, condition: Condition | None, caller: Caller) -> dict[str, int]:
        by_session = (Group("session", Field("session_id")),)
        query = Query(dataset, _FIRST, _LAST, by_session, condition=condition)
        return {str(row.values["session"]): row.total for row in await self._engine.run(query, caller)}


def _of_facts(wanted: Wanted) -> Iterable[tuple[Dataset, Condition]]:
    """Yield what only facts can tell: each session must have one of the dataset that passes the test."""
    names = (wanted.event, STATUSES[wanted.status].event if wanted.status else None)
    for name in names:
        if name is not None:
            yield SESSION_EVENTS, Compare(Field("name"), Comparison.EQUAL, name)
    if wanted.state and wanted.state.mode == "state_history":
        tests = [
            Compare(JSONText(column, path), Comparison.EQUAL, wanted.state.value)
            for path in wanted.state.paths
            for column in ("state", "state_update")
        ]
        yield SESSION_STATES, Or(tuple(tests))


def cut_before(times: Sequence[datetime], following: datetime) -> datetime:
    """Return a time that cuts sessions, the newest first, from those that follow: those of one time are on one side.

    Where all that were looked at began at the time of the one that follows, it is that time.
    """
    oldest = times[-1]
    return oldest + timedelta(microseconds=1) if following == oldest < times[0] else oldest


def _at(state: object, path: Iterable[str]) -> object:
    for name in path:
        state = state.get(name) if isinstance(state, dict) else None
    return state


def _text(value: object) -> str | None:
    """Return a value as it is compared: a text as it is, everything else as JSON; None for null."""
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
