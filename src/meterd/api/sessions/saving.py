"""Documents of sessions, which follow the facts a moment later."""

import asyncio
from collections.abc import Collection, Iterable

import msgspec
import structlog

from meterd.api.sessions.active import ActiveSession
from meterd.api.sessions.model import Session
from meterd.api.sessions.order import Arrivals
from meterd.metadata import SessionDocument, SessionDocuments
from meterd.supervision import SESSIONS, Supervisor

log = structlog.get_logger()

_SAVED_AFTER = 1.0


class DocumentSaver:
    """Saves the documents of sessions that changed, together with the position up to which all follow the facts."""

    def __init__(self, documents: SessionDocuments, arrivals: Arrivals, supervisor: Supervisor) -> None:
        self._documents = documents
        self._arrivals = arrivals
        self._changed: dict[str, ActiveSession] = {}
        self._turn = asyncio.Lock()  # held while documents are saved, so that older ones never replace newer ones
        self._saving = supervisor.job(SESSIONS, self._save)

    def changed(self, id_: str) -> ActiveSession | None:
        """Return a session whose document waits to be saved."""
        return self._changed.get(id_)

    def add(self, active: ActiveSession) -> None:
        """Save the document of a session with the next ones."""
        self._changed[active.session.id] = active

    def schedule(self, active: ActiveSession) -> None:
        """Save the document of a session in a while."""
        self.add(active)
        self._saving.request(_SAVED_AFTER)

    async def save(self) -> None:
        """Save what changed. When that fails it is tried again with the next change: the facts have it all."""
        try:
            await self._save()
        except Exception as error:  # noqa: BLE001 - whatever a disk or a driver raises, the facts are safe
            log.error("documents of sessions can't be saved", error=type(error).__name__)

    def stop(self) -> None:
        """Schedule nothing more."""
        self._saving.close()

    def save_rest(self) -> None:
        """Write every changed document; blocking, for the end of the service."""
        try:
            self._write(*self._take_changed())
        except Exception as error:  # noqa: BLE001 - as above; what is missing is read from the facts at the next start
            log.error("documents of sessions can't be saved", error=type(error).__name__)

    async def _save(self) -> None:
        async with self._turn:
            changed, reached = self._take_changed()
            try:
                await asyncio.to_thread(self._write, changed, reached)
            except BaseException:
                self._changed = changed | self._changed
                raise

    def _write(self, changed: dict[str, ActiveSession], reached: int) -> None:
        self._documents.save(map(stored, changed.values()), reached)

    def _take_changed(self) -> tuple[dict[str, ActiveSession], int]:
        """Return changed sessions, and up to which position they and all others follow the facts."""
        reached = self._arrivals.followed
        changed, self._changed = self._changed, {}
        return changed, reached


def load(documents: SessionDocuments, id_: str) -> ActiveSession | None:
    """Read a session from its document; blocking."""
    document = documents.find(id_)
    return None if document is None else decoded([document])[0]


def load_many(documents: SessionDocuments, ids: Collection[str]) -> list[ActiveSession]:
    """Read sessions from their documents, of those that there are; blocking."""
    return decoded(documents.find_many(ids))


def decoded(documents: Iterable[bytes]) -> list[ActiveSession]:
    """Read sessions from documents."""
    return [ActiveSession(msgspec.json.decode(each, type=Session), len(each)) for each in documents]


def stored(active: ActiveSession) -> SessionDocument:
    """Make the document to save. A session that is over is no longer looked up by its machine."""
    session = active.session
    machine_id = None if session.crashed or session.ended_at else session.machine_id
    document = msgspec.json.encode(session)
    return SessionDocument(session.id, session.tenant, machine_id, session.created_at, session.updated_at, document)
