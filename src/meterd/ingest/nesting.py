"""Which facts that come at different times are of one call: an index of spans, in the journal's own database.

It lives in the generations of the deduplication index, so it remembers as long, and forgets whole tables. Of each fact
from a span it keeps the span's key, when it began and its label; of a fact whose surrounding span has not been seen
that it waits for it. A fact that becomes a part of another one points to it, and so do spans between two facts.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from meterd.ingest.deduplication import DeduplicationIndex
from meterd.ingest.spans import A2A, AGENT, Link, Merged, Place, is_same, span_of, unpacked

_MAX_STEPS = 64
"""Spans that are gone through from a fact to the one that it is a part of."""
_MAX_PARTS = 1000
"""Facts that wait for the spans of one export and are looked at when these come; more stay facts of their own."""
_KEY = 16


class _Known(NamedTuple):
    """What is known of a span: its place if it is a fact's, and the key of the span that it is a part of."""

    place: Place | None
    outer: bytes | None


class SpanIndex:
    """Finds the outer and inner facts of one call; every call happens inside a transaction of the journal."""

    def __init__(self, connection: sqlite3.Connection, generations: DeduplicationIndex) -> None:
        self._connection = connection
        self._generations = generations
        self._known: dict[bytes, _Known | None] = {}
        self._waited_for: dict[int, bool] = {}
        """Of each generation, whether any fact waits in it."""
        self.reached: Counter[str] = Counter()
        """How often a limit was reached since the last clearing, so that facts of one call may have stayed apart."""

    def add(self, places: Sequence[Place], links: Sequence[Link], entry: int) -> list[tuple[str, Merged]]:
        """Remember new facts and links, which come into an entry; return datasets and pairs that are one call."""
        newest = self._generations.use_newest()
        self._known = {}
        self._insert(places, links, newest, entry)
        waiting: list[tuple[bytes, Place]] = []
        found: list[tuple[str, Merged]] = []
        self._prefetch([place.parent for place in places if place.parent])
        for place in places:
            if place.parent:
                found += self._settle(place, place.parent, place.trace, waiting)
        traces = {place.key: place.trace for place in places} | {link.key: link.trace for link in links}
        around = {link.key: link.around for link in links}
        for outer, inner in self._awaiting(places, links):
            known = self._of(inner)
            if known and known.place and known.outer is None:
                found += self._settle(known.place, around.get(outer, outer), traces[outer], waiting)
        self._await(waiting, newest, entry)
        return found

    def _insert(self, places: Sequence[Place], links: Sequence[Link], newest: int, entry: int) -> None:
        """Remember what is not known of a span in the newest generation."""
        recent = self._generations.spans
        rows = {place.key: place.key + place.packed for place in reversed(places)}  # of several the first
        if recent.holds_any(rows):
            rows = {key: row for key, row in rows.items() if recent.row(key) is None}
        if rows:
            recent.add(rows, entry, newest)
        kept = [
            (link.key, link.place and link.place.packed, link.around, entry)
            for link in links
            if link.is_kept and link.key != link.around and recent.row(link.key) is None
        ]
        if kept:
            self._connection.executemany(f"INSERT OR IGNORE INTO spans_{newest} VALUES (?, ?, ?, ?)", kept)

    def _settle(
        self, inner: Place, around: bytes, trace: str, waiting: list[tuple[bytes, Place]]
    ) -> Iterator[tuple[str, Merged]]:
        """Find the fact around a fact, which becomes a part of it if both are one call, or waits until it is there."""
        nearest: _Known | None = None
        for _ in range(_MAX_STEPS):
            nearest = self._of(around)
            if nearest is None:
                waiting.append((around, inner))
                return
            if nearest.place or nearest.outer is None:
                break
            around = nearest.outer
        else:
            self.reached["steps"] += 1
            return
        if nearest is None or nearest.place is None or not is_same(nearest.place.label, inner.label):
            return
        whole = self._whole(nearest)
        if whole is None or whole.key == inner.key:
            return
        self._point(inner, whole.key)
        yield inner.label.dataset, Merged(trace, span_of(inner.key), inner.at, span_of(whole.key), whole.at)

    def _whole(self, known: _Known) -> Place | None:
        """Return the fact that a fact is a part of by now, or its own."""
        for _ in range(_MAX_STEPS):
            if known.outer is None:
                return known.place
            outer = self._of(known.outer)
            if outer is None:
                return None
            known = outer
        self.reached["steps"] += 1
        return None

    def _point(self, inner: Place, outer: bytes) -> None:
        self._generations.spans.put(inner.key, self._generations.numbers[-1])
        for number in self._generations.numbers:
            self._connection.execute(f"UPDATE spans_{number} SET outer = ? WHERE span = ?", (outer, inner.key))
        self._known[inner.key] = _Known(inner, outer)

    def _of(self, key: bytes) -> _Known | None:
        if key not in self._known:
            self._known[key] = None
            self._look_up(key)
        return self._known[key]

    def _prefetch(self, keys: Iterable[bytes]) -> None:
        wanted = set(keys)
        self._known.update(dict.fromkeys(wanted))
        if wanted:
            self._look_up(b"".join(wanted))

    def _look_up(self, keys: bytes) -> None:
        """Look for spans in all generations; the newest knows best, and in it the table rather than what waits."""
        *older, newest = self._generations.numbers
        self._look_into(older, keys)
        for at in range(0, len(keys), _KEY):
            span = keys[at : at + _KEY]
            if (row := self._generations.spans.row(span)) is not None:
                self._known[span] = _Known(unpacked(span, row[_KEY:]), None)
        self._look_into([newest], keys)

    def _look_into(self, numbers: Iterable[int], keys: bytes) -> None:
        for number in numbers:
            rows = self._connection.execute(
                f"{_each(_KEY)} SELECT span, place, outer FROM positions CROSS JOIN spans_{number} "
                f"WHERE span = substr(?1, at, {_KEY})",
                (keys,),
            )
            for span, place, outer in rows:
                self._known[span] = _Known(place and unpacked(span, place), outer)

    def _awaiting(self, places: Sequence[Place], links: Sequence[Link]) -> list[tuple[bytes, bytes]]:
        """Return pairs of a span that has come and a fact that waits for it, because it may be a part of it."""
        numbers = [number for number in self._generations.numbers if self._is_waited_for(number)]
        if not numbers:
            return []
        ranges = [
            (place.key + operation) * 2
            for place in [*places, *(link.place for link in links if link.place)]
            for operation in _parts_of(place.label.operation)
        ]
        ranges += [link.key + bytes(4) + link.key + b"\xff" * 4 for link in links if link.place is None]
        if not ranges:
            return []
        found: list[tuple[bytes, bytes]] = []
        size = _KEY + 4
        for number in numbers:
            rows = self._connection.execute(
                f"{_each(2 * size)} SELECT substr(outer, 1, {_KEY}), inner FROM positions CROSS JOIN awaited_{number} "
                f"WHERE outer BETWEEN substr(?1, at, {size}) AND substr(?1, at + {size}, {size}) LIMIT ?2",
                (b"".join(ranges), _MAX_PARTS + 1),
            ).fetchall()
            found += rows[:_MAX_PARTS]
            if len(rows) > _MAX_PARTS:
                self.reached["parts"] += 1
        return found

    def _is_waited_for(self, number: int) -> bool:
        """Tell whether facts wait in a generation; where none do, spans come without a question."""
        known = self._waited_for.get(number)
        if known is None:
            found = self._connection.execute(f"SELECT EXISTS (SELECT 1 FROM awaited_{number})").fetchone()
            known = self._waited_for[number] = bool(found[0])
        return known

    def _await(self, waiting: Sequence[tuple[bytes, Place]], newest: int, entry: int) -> None:
        if waiting:
            self._waited_for[newest] = True
            rows = b"".join([around + place.label.operation + place.key for around, place in waiting])
            size = _KEY + 4
            self._connection.execute(
                f"{_each(size + _KEY)} INSERT OR IGNORE INTO awaited_{newest} SELECT substr(?1, at, {size}), "
                f"substr(?1, at + {size}, {_KEY}), ?2 FROM positions",
                (rows, entry),
            )


def _each(size: int) -> str:
    """Return SQL that gives the positions of records of one size in the blob `?1`."""
    return (
        "WITH RECURSIVE positions(at) AS (SELECT 1 WHERE length(?1) > 0 UNION ALL "
        f"SELECT at + {size} FROM positions WHERE at + {size} <= length(?1))"
    )


def _parts_of(operation: bytes) -> tuple[bytes, ...]:
    """Return the operations of spans that may be parts of one of this operation."""
    return (AGENT, A2A) if operation in (AGENT, A2A) else (operation,)
