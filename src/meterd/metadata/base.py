"""The interface to metadata, which the service keeps besides facts; `meterd.metadata.sql` implements it in SQL.

Everything blocks, and is called from worker threads; changes are durable when a call returns. What can't be read or
written raises `Unavailable`, and `Damaged` where trying again is of no use.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Collection as Several
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import msgspec

from meterd.access import Caller, Scope, SubjectType
from meterd.access.tokens import TokenDetails
from meterd.datasets.person import Person
from meterd.metadata.documents import Documents
from meterd.stamps import Stamp


class Tokens(Protocol):
    """Subjects, their teams, and their tokens. A token itself is not kept, only its digest."""

    def create(
        self,
        subject: str,
        subject_type: SubjectType = ...,
        teams: Iterable[str] = ...,
        tenant: str = ...,
        tenant_admin: bool = ...,
        scopes: Iterable[Scope] = ...,
        expires: timedelta | None = ...,
    ) -> TokenDetails:
        """Make a token. The subject is created when it is new; `teams` and `tenant_admin` are added to what it has."""

    def all(self) -> list[TokenDetails]:
        """List every token, oldest first."""

    def exist(self) -> bool:
        """Tell whether there is any token."""

    def revoke(self, token_id: str) -> None:
        """Make a token invalid. Raises `NotFound` for an unknown id; revoking twice is no error."""

    def find_caller(self, token_digest: bytes) -> tuple[Caller, datetime | None] | None:
        """Return the caller behind a token that is neither revoked nor expired, and when it expires."""


class NewWebSession(NamedTuple):
    """A session that begins: its secret, which is told once, and whose it is."""

    secret: str
    caller: Caller


class WebSessions(Protocol):
    """Sessions of persons at a browser, each bound to a token; and codes, each of which begins one, once.

    Secrets are not kept, only their digests. A session ends with its token, and when it was not used for long.
    """

    def begin(self, token_digest: bytes) -> NewWebSession | None:
        """Begin a session by a token; None unless it is valid. Too many of one token end the oldest of them."""

    def offer(
        self,
        subject: str,
        subject_type: SubjectType = ...,
        teams: Iterable[str] = ...,
        tenant: str = ...,
        tenant_admin: bool = ...,
        scopes: Iterable[Scope] = ...,
    ) -> str:
        """Make a code that signs a subject in, once and soon. The subject is treated as by `Tokens.create`."""

    def holds(self, code_digest: bytes) -> bool:
        """Tell whether a code is good."""

    def begin_by_code(self, code_digest: bytes) -> NewWebSession | None:
        """Begin a session by a code, which is used up; its token is made for it. None for a code that is not good."""

    def find_caller(self, session_digest: bytes) -> tuple[Caller, datetime | None] | None:
        """Return the caller behind a session that goes on, and when its token expires. It counts as used."""

    def end(self, session_digest: bytes) -> None:
        """End a session, and revoke the token that was made for it; one that has ended is no error."""


class SessionDocument(NamedTuple):
    """A session as it is now, and what it is looked up by; what is in the bytes is the matter of the sessions."""

    id: str
    tenant: str
    machine_id: str | None
    created_at: datetime
    updated_at: datetime
    document: bytes


class SessionChange(Protocol):
    """Documents of sessions within a transaction."""

    @property
    def found(self) -> Mapping[str, bytes]:
        """Those that there were, of the sessions that it is about."""

    def save(self, documents: Iterable[SessionDocument]) -> None:
        """Write documents in the place of those that were found; of others one that came meanwhile is kept."""


class SessionDocuments(Protocol):
    """Documents of sessions. They follow the facts, and can be made again from them.

    Attributes:
        node: whose facts are meant by positions, where several nodes share the documents.
    """

    node: str

    @property
    def deleted_before(self) -> datetime:
        """Sessions last heard of before this time were deleted."""

    def start_over(self) -> None:
        """Let the documents follow all facts again: there may be others than those that came in order."""

    def save(self, documents: Iterable[SessionDocument], position: int) -> None:
        """Write documents, and that all of them follow the facts up to a position: both or neither."""

    def delete_before(self, time: datetime) -> int:
        """Delete documents of sessions that were last heard of before a time; return how many."""

    def changing(self, ids: Several[str]) -> AbstractContextManager[SessionChange]:
        """Begin a transaction: no other node changes the documents of these sessions until it ends.

        An error undoes all of it. Raises `Unavailable`.
        """

    def progress(self, joining: int = 0) -> int:
        """Return the position up to which the documents follow the facts of this node; 0 when there is none.

        It is `joining` for a node that has none yet while others have.
        """

    def find(self, id_: str) -> bytes | None:
        """Return the document of a session."""

    def find_many(self, ids: Several[str]) -> list[bytes]:
        """Return the documents of sessions, of those that there are."""

    def of_machine(self, tenant: str, machine_id: str) -> list[bytes]:
        """Return the documents of every session of a machine."""

    def page(self, tenant: str, after: tuple[datetime, str] | None, limit: int) -> list[bytes]:
        """Return documents of a tenant in the order of their creation, from after one of them on."""

    def newest(
        self, tenant: str, since: datetime | None, before: tuple[datetime, str] | None, limit: int
    ) -> list[bytes]:
        """Return documents of sessions that began since a time, the newest first, from before one of them on."""


class Collection(NamedTuple):
    """The items that belong together: those of one service, tenant and environment."""

    tenant: str
    environment: str
    service: str


class Version(NamedTuple):
    """An item as one change left it; versions count from 1."""

    id: str
    document: bytes
    version: int
    user: str
    reason: str | None
    created_at: datetime


class ItemChanges(Protocol):
    """The items of a collection within a transaction."""

    def find(self, id_: str) -> Version | None:
        """Return an item as it is, with the changes that were made so far."""

    def put(self, id_: str, document: bytes, user: str, reason: str | None = None) -> Version:
        """Give an item, or a new one, its next version. Raises `Unavailable` when the disk is almost full."""

    def roll_back(self, id_: str) -> Version | None:
        """Take the current version away: the one before is current again; without one the item is gone."""

    def delete(self, id_: str) -> None:
        """Take an item away with all of its versions."""


class Items(Protocol):
    """Objects and calendars with their versions; what is in them is the matter of the services."""

    def turn(self, collection: Collection) -> AbstractContextManager[None]:
        """Let no other node that takes its turn go on until this ends; items can be read and changed meanwhile."""

    def changing(self, collection: Collection) -> AbstractContextManager[ItemChanges]:
        """Begin a transaction: nothing else changes items until it ends, and an error undoes all of it."""

    def find(self, collection: Collection, id_: str) -> Version | None:
        """Return an item as it is now."""

    def each(self, collection: Collection, ids: Several[str] | None = None) -> Iterator[Version]:
        """Yield the items as they are now, or those of some ids, in the order of their ids.

        They are read in portions, so that nobody waits for a long list: changes meanwhile may be in it or not.
        """

    def history(self, collection: Collection, id_: str) -> list[Version]:
        """Return the versions of an item that are kept, newest first."""


class SavedDashboard(NamedTuple):
    """A dashboard that somebody saved, perhaps for a team; what is in the document is the matter of the pages.

    `revision` counts its changes from 1; `owner` is the identity of a caller: type and name of a subject.
    """

    id: str
    tenant: str
    owner: tuple[str, str]
    team: str | None
    title: str
    description: str
    revision: int
    updated_at: datetime
    document: bytes


class Dashboards(Protocol):
    """Dashboards that people saved."""

    def find(self, tenant: str, id_: str) -> SavedDashboard | None:
        """Return a dashboard of a tenant."""

    def every(
        self, tenant: str, owner: tuple[str, str] | None, teams: Several[str], limit: int
    ) -> list[SavedDashboard]:
        """Return those of an owner and of some teams, or without an owner all of a tenant; last changed first.

        Their documents are left empty.
        """

    def add(self, dashboard: SavedDashboard, most: int) -> bool:
        """Keep a new dashboard; False, and nothing is kept, when its owner has as many as `most`."""

    def change(self, dashboard: SavedDashboard) -> bool:
        """Put a dashboard in the place of the revision before its own; False when that is not the current one."""

    def delete(self, tenant: str, id_: str, revision: int | None) -> bool:
        """Delete a dashboard; False when there is none, or none in that revision."""


class Progress(msgspec.Struct, frozen=True):
    """The progress of an exporter: everything from `begun` to `reached` is exported, or was given up.

    `under_way` is the end of the window that is being sent; after a crash that very window is sent first.
    """

    begun: datetime
    reached: datetime
    under_way: datetime | None = None


class Exports(Protocol):
    """How far exporters have come, so that a restart goes on where the last run ended."""

    def progress(self, exporter: str) -> Progress | None:
        """Return how far an exporter has come; None when it never ran."""

    def advance(self, exporter: str, before: Progress | None, after: Progress) -> bool:
        """Note how far an exporter has come; False, and nothing is noted, when it was no longer where it was before.

        So one that was taken for dead can't take back what another has done since.
        """


class Election(Protocol):
    """Who of several nodes does what only one may do."""

    def lead(self) -> bool:
        """Tell whether this node leads, which it does from now on when nobody does. To be asked before each round."""

    def resign(self) -> None:
        """Let another node lead."""


class Forgetting(Protocol):
    """Takes a person out of all of it."""

    def require_alone(self) -> None:
        """Raise `ConfigurationError` while other processes are connected to a database that nodes share."""

    def count(self, person: Person) -> dict[str, int]:
        """Return how much there is of a person, by what it is."""

    def forget(self, person: Person, pseudonym: str, deletes: bool) -> None:
        """Take the person out, all of it or, on any error, nothing.

        The subject goes, with its tokens and sign-ins. When this `deletes`, so do its sessions, and its dashboards that
        it shared with no team. What is left of it, and what is not its own, has the pseudonym.
        """


class Metadata(Protocol):
    """All that is kept besides facts. Safe to use from several threads and processes at once."""

    @property
    def is_shared(self) -> bool:
        """Whether other nodes use it, each with facts of its own."""

    @property
    def tokens(self) -> Tokens: ...

    @property
    def web_sessions(self) -> WebSessions: ...

    @property
    def sessions(self) -> SessionDocuments: ...

    @property
    def exports(self) -> Exports: ...

    @property
    def dashboards(self) -> Dashboards: ...

    @property
    def documents(self) -> Documents: ...

    @property
    def forgetting(self) -> Forgetting: ...

    def election(self, name: str) -> Election:
        """Return what tells whether this node is the one that does something; one for each process and name."""

    def items(self, require_room: Callable[[int], None]) -> Items:
        """Return the items; `require_room` is asked before bytes are added, and raises what refuses them."""

    def check(self) -> None:
        """Raise `Unavailable` when there is no answer."""

    def mark(self, stamp: Stamp) -> None:
        """Write which installation this belongs to, and the number of its start. Raises `Unavailable`."""

    def stamp(self) -> Stamp | None:
        """Return which installation this belongs to; None when it belongs to none yet. Raises `Unavailable`."""

    def claim(self, installation: str) -> Stamp:
        """Make it belong to an installation, unless it does to one already; return to which. Raises `Unavailable`."""

    @property
    def connections(self) -> int:
        """How many connections are in use."""

    @property
    def is_reachable(self) -> bool:
        """Whether the last one who asked had an answer."""

    def close(self) -> None:
        """Release the connections."""
