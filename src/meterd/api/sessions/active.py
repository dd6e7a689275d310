"""Sessions in memory, while they are used."""

import asyncio
from weakref import WeakValueDictionary

from meterd.api.sessions.model import Session

_MAX_RECENT = 10_000


class ActiveSession:
    """A session in memory; changes of its state and its life take turns through `lock`.

    `size` is about that of its state, in bytes.
    """

    def __init__(self, session: Session, size: int, lock: asyncio.Lock | None = None) -> None:
        self.session = session
        self.size = size
        self.lock = lock or asyncio.Lock()


class SessionCache:
    """Holds one object for each session that anybody uses; the ones used last are kept longer."""

    def __init__(self) -> None:
        self._active: WeakValueDictionary[str, ActiveSession] = WeakValueDictionary()
        self._recent: dict[str, ActiveSession] = {}

    def get(self, id_: str) -> ActiveSession | None:
        """Return a session that is in memory."""
        return self._active.get(id_)

    def add(self, active: ActiveSession) -> ActiveSession:
        """Hold a session that is new to memory, and return it."""
        self._active[active.session.id] = active
        return active

    def get_or_add(self, found: ActiveSession) -> ActiveSession:
        """Return the session that is in memory, else hold the one that was found."""
        return self._active.get(found.session.id) or self.add(found)

    def use(self, active: ActiveSession) -> ActiveSession:
        """Keep a session longer, and return it; those used longest ago are let go."""
        id_ = active.session.id
        self._recent.pop(id_, None)
        self._recent[id_] = active
        if len(self._recent) > _MAX_RECENT:
            del self._recent[next(iter(self._recent))]
        return active
