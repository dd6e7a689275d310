"""The deduplication index: identities of facts and responses to keyed requests, kept for a window of time.

Both live in tables cut by time, a set for each generation, in which the index of spans has its own. A look-up asks
every generation, an insertion goes into the newest, and forgetting drops a whole one. A generation takes insertions for
a window and is dropped a window after its last one, so there are two at most, and everything is remembered for at least
one window and at most two.

Time is how long the service ran, as a clock counts that nobody sets: wall clocks are set back and far ahead. While the
service does not run no time passes, so nothing is forgotten early (`docs/decisions/0005-remembering.md`).
"""

import re
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence

import msgspec

from meterd.ingest.facts import DIGEST_SIZE
from meterd.ingest.recent import IDENTITIES, SPANS, RecentRows
from meterd.ingest.transactions import transaction

_GENERATIONS = """
CREATE TABLE IF NOT EXISTS generations (number INTEGER PRIMARY KEY, opened REAL NOT NULL, used REAL NOT NULL)"""
_CREATE = (
    "CREATE TABLE IF NOT EXISTS identities_{0} (digest BLOB PRIMARY KEY, entry INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS answers_{0} (
        request BLOB PRIMARY KEY, answer BLOB NOT NULL, known INTEGER NOT NULL, entry INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS spans_{0} (
        span BLOB PRIMARY KEY, place BLOB, outer BLOB, entry INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS awaited_{0} (
        outer BLOB, inner BLOB, entry INTEGER NOT NULL, PRIMARY KEY (outer, inner)
    ) WITHOUT ROWID""",
)
_IDENTITIES = "identities_{0}"
_TABLES = (_IDENTITIES, "answers_{0}", "spans_{0}", "awaited_{0}")
_EACH = f"""WITH RECURSIVE positions(at) AS (
    SELECT 1 UNION ALL SELECT at + {DIGEST_SIZE} FROM positions WHERE at + {DIGEST_SIZE} <= length(?1))"""
"""The positions of digests in one blob, one after the other."""
_DIGEST = f"substr(?1, at, {DIGEST_SIZE})"
_SAVED_EVERY = 1 / 1000
"""Part of a window after which it is noted how much time has passed; a crash forgets less than that."""


class _Generation(msgspec.Struct):
    """A generation of tables: when it was opened, and last inserted into."""

    number: int
    opened: float
    used: float


class DeduplicationIndex:
    """Recognises what was stored before, by tables of the journal's own database.

    `rotate` comes before a transaction, every other call happens inside one.

    Args:
        connection: the journal's writing connection.
        window: seconds to remember for, at least. Another one than before counts for what is remembered already, too.
        clock: seconds since any moment; never goes back.
    """

    def __init__(
        self, connection: sqlite3.Connection, window: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection = connection
        self._window = window
        self._clock = clock
        self._started = clock()
        self._before = 0.0
        self._saved = 0.0
        self._generations: list[_Generation] = []
        self._recent = RecentRows(connection, IDENTITIES)
        self.spans = RecentRows(connection, SPANS)
        """Rows of spans that wait, of which the index of spans is in charge."""
        self._waiting = (self._recent, self.spans)

    def rotate(self) -> None:
        """Open a generation when the newest is a window old, drop those past the window. Cheap when nothing is due."""
        if not self._generations:
            self._load()
        elif self._recent.is_stale:
            with transaction(self._connection):
                self._empty_recent(self._generations)
            self._clear_recent()
        now = self._now()
        is_due = not self._generations or now - self._generations[-1].opened >= self._window
        is_past = bool(self._generations) and now - self._generations[0].used > self._window
        if is_due or is_past or now - self._saved >= self._window * _SAVED_EVERY:
            is_changed = is_due or is_past
            with transaction(self._connection):
                if is_changed:
                    self._empty_recent(self._generations)
                kept = self._rotate(now, is_due)
            self._generations, self._saved = kept, now
            if is_changed:
                self._clear_recent()

    def _empty_recent(self, generations: Sequence[_Generation]) -> None:
        for recent in self._waiting if generations else ():
            recent.empty(generations[-1].number)

    def _clear_recent(self) -> None:
        for recent in self._waiting:
            recent.clear()

    @property
    def waiting(self) -> int:
        """Return how many identities wait for their table; from any thread."""
        return len(self._recent)

    def doubt(self) -> None:
        """Let what is in memory count no more: a transaction has failed."""
        for recent in self._waiting:
            recent.is_stale = True

    def _now(self) -> float:
        """Return the seconds that services ran on this database."""
        return self._before + self._clock() - self._started

    def _load(self) -> None:
        """Go on with the generations that are there."""
        with transaction(self._connection):
            self._connection.execute(_GENERATIONS)
            found = self._connection.execute("SELECT number, opened, used FROM generations ORDER BY number").fetchall()
            generations = [_Generation(*row) for row in found] or self._adopt_tables()
            for generation in generations:
                self._create_tables(generation.number)
            self._add_entries(generations)
            for recent in self._waiting:
                recent.create()
            self._empty_recent(generations)
        self._clear_recent()
        self._before = max((generation.used for generation in generations), default=0.0)
        self._generations = generations

    def _adopt_tables(self) -> list[_Generation]:
        """Adopt tables of an earlier version, whose numbers were periods of the clock; from now they count as new."""
        names = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found = [re.fullmatch("(identities|answers)_([0-9]+)", name) for (name,) in names]
        for name in [match[0] for match in found if match and match[1] == "answers"]:
            self._connection.execute(f"ALTER TABLE {name} ADD COLUMN known INTEGER NOT NULL DEFAULT 0")
        return [self._create_generation(number, 0.0) for number in sorted({int(match[2]) for match in found if match})]

    def _add_entries(self, generations: Sequence[_Generation]) -> None:
        """Add the entry of a fact, which an earlier version did not keep: it is the newest or one before."""
        for table in [table.format(each.number) for each in generations for table in _TABLES]:
            if "entry" not in {name for _, name, *_ in self._connection.execute(f"PRAGMA table_info({table})")}:
                (newest,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()
                self._connection.execute(f"ALTER TABLE {table} ADD COLUMN entry INTEGER NOT NULL DEFAULT {newest}")

    def _create_tables(self, number: int) -> None:
        for statement in _CREATE:
            self._connection.execute(statement.format(number))

    def _create_generation(self, number: int, now: float) -> _Generation:
        self._create_tables(number)
        self._connection.execute("INSERT INTO generations VALUES (?, ?, ?)", (number, now, now))
        return _Generation(number, now, now)

    def _rotate(self, now: float, is_due: bool) -> list[_Generation]:
        """Return the generations from now on, and make them so in the database."""
        kept = []
        for generation in self._generations:
            if now - generation.used > self._window:
                self._drop(generation.number)
            else:
                kept.append(generation)
                self._connection.execute(
                    "UPDATE generations SET used = ? WHERE number = ?", (generation.used, generation.number)
                )
        if is_due:
            kept.append(self._create_generation(max((each.number for each in self._generations), default=0) + 1, now))
        return kept

    def _drop(self, number: int) -> None:
        for table in _TABLES:
            self._connection.execute(f"DROP TABLE {table.format(number)}")
        self._connection.execute("DELETE FROM generations WHERE number = ?", (number,))

    def add_identities(self, digests: Sequence[bytes], entry: int) -> list[bool]:
        """Remember the digests, whose facts will be in an entry of the journal; True for each that was not known,
        False for each that was, or repeats within.
        """
        newest = self.use_newest()
        unique = dict(zip(digests, digests, strict=True))
        known = self._known(unique)
        if new := {digest: digest for digest in unique if digest not in known} if known else unique:
            self._recent.add(new, entry, newest)
        if not known and len(unique) == len(digests):
            return [True] * len(digests)
        is_new = []
        for digest in digests:
            is_new.append(digest not in known)
            known.add(digest)
        return is_new

    @property
    def numbers(self) -> list[int]:
        """Return the numbers of the generations, the newest last."""
        return [generation.number for generation in self._generations]

    def use_newest(self) -> int:
        """Note that the newest generation is inserted into; return its number."""
        newest = self._generations[-1]
        newest.used = self._now()
        return newest.number

    def _known(self, digests: Collection[bytes]) -> set[bytes]:
        """Return those that are known, by one statement for each generation: each gives up Python's lock, and waits for
        it again.
        """
        known = self._recent.among(digests) if self._recent.holds_any(digests) else set()
        asked = b"".join(digests)
        for number in self.numbers if digests else ():
            table = _IDENTITIES.format(number)
            found = self._connection.execute(
                f"{_EACH} SELECT digest FROM positions CROSS JOIN {table} WHERE digest = {_DIGEST}", (asked,)
            )
            known.update([digest for (digest,) in found])
        return known

    def response(self, request: bytes) -> tuple[bytes, int] | None:
        """Return the response that this request got, and how many of its facts were known then; None for a new one."""
        for generation in reversed(self._generations):
            found: tuple[bytes, int] | None = self._connection.execute(
                f"SELECT answer, known FROM answers_{generation.number} WHERE request = ?", (request,)
            ).fetchone()
            if found:
                return found
        return None

    def add_response(self, request: bytes, response: bytes, known: int, entry: int) -> None:
        """Keep the response to a request whose facts will be in entries up to one."""
        values = (request, response, known, entry)
        self._connection.execute(f"INSERT INTO answers_{self.use_newest()} VALUES (?, ?, ?, ?)", values)

    def forget(self, after: int, until: int) -> None:
        """Forget what was in entries above a number, up to another one: they are lost, so senders may repeat them."""
        if not self._generations:
            self._load()
        with transaction(self._connection):
            self._empty_recent(self._generations)
            for table in [table.format(each.number) for each in self._generations for table in _TABLES]:
                self._connection.execute(f"DELETE FROM {table} WHERE entry > ? AND entry <= ?", (after, until))
        self._clear_recent()
