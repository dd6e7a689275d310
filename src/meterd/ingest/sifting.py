"""Moves entries of the journal into the store, and sets aside what the store can't read, so that the rest goes on."""

from collections.abc import Callable, Sequence

import msgspec
import structlog

from meterd.datasets import DATASETS
from meterd.ingest.entries import Entry, Piece, split
from meterd.ingest.facts import Encoding
from meterd.store import Lines, Store, Unreadable
from meterd.telemetry import Telemetry

log = structlog.get_logger()


class Sifter:
    """Moves entries into the store and sets aside what it can't read, in the thread that writes to the store.

    `set_aside` makes an entry durable elsewhere, whole or what is bad of it, and tells whether there was room.
    """

    def __init__(self, store: Store, telemetry: Telemetry, set_aside: Callable[[Entry, bool], bool]) -> None:
        self._store = store
        self._telemetry = telemetry
        self._set_aside = set_aside

    def append(self, entries: Sequence[Entry]) -> None:
        """Move the entries, in order. Afterwards each fact in them is in the store, or set aside and counted.

        Raises `StoreError`, and what `set_aside` raises; then some of them may have been moved, up to the watermark.
        """
        try:
            self._move(entries)
        except Unreadable as error:
            if len(entries) == 1:
                self._move_readable(entries[0], str(error))
            else:
                middle = len(entries) // 2
                self.append(entries[:middle])
                self.append(entries[middle:])

    def _move(self, entries: Sequence[Entry]) -> None:
        batch = _merged(entries)
        self._store.append(batch, entries[-1].sequence)
        for lines in batch:
            if not lines.merged:
                self._telemetry.loaded.labels(lines.dataset.name).inc(lines.count)

    def _move_readable(self, entry: Entry, problem: str) -> None:
        """Move the lines that can be read. The others are set aside before, so that a crash in between loses none."""
        good, bad = self._split_readable(entry)
        if good.lines and bad.lines:
            self._keep_aside(bad, problem, is_whole=False)
            try:
                self._move([good])
                return
            except Unreadable as error:
                problem = str(error)
        self._keep_aside(entry, problem, is_whole=True)
        self._store.append([], entry.sequence)

    def _split_readable(self, entry: Entry) -> tuple[Entry, Entry]:
        """Split an entry into the lines that the store can read, and the others."""
        good: list[bytes] = []
        bad: list[bytes] = []
        count = 0
        for piece in entry.pieces():
            for line, facts in zip(split(piece.lines), self._facts(entry, piece), strict=True):
                (good if facts else bad).append(line)
                count += facts
        with_lines = msgspec.structs.replace
        return (
            with_lines(entry, lines=b"".join(good), count=count),
            with_lines(entry, lines=b"".join(bad), count=max(entry.count - count, 0)),
        )

    def _facts(self, entry: Entry, piece: Piece) -> list[int]:
        """Count how many facts can be read in each line."""
        try:
            return self._store.readable(_lines(entry.dataset, entry.tenant, [piece]))
        except Unreadable:  # not even as lines
            return [0] * len(split(piece.lines))

    def _keep_aside(self, entry: Entry, problem: str, is_whole: bool) -> None:
        is_kept = self._set_aside(msgspec.structs.replace(entry, problem=problem), is_whole)
        dataset = entry.dataset if entry.dataset in DATASETS else "unknown"
        self._telemetry.set_aside_facts.labels(dataset).inc(entry.count)
        self._telemetry.set_aside_entries.labels("kept" if is_kept else "dropped").inc()
        log.error(
            "facts can't be moved into the store, set aside"
            if is_kept
            else "facts can't be moved into the store, and "
            "there is no room to set them aside (ingest.set-aside-bytes): they are lost",
            problem=problem,
            dataset=dataset,
            facts=entry.count,
            bytes=len(entry.lines),
            entry=entry.sequence,
        )


def _merged(entries: Sequence[Entry]) -> list[Lines]:
    """Join what the entries hold by dataset, tenant and encoding, in journal order, but facts before what becomes of
    them: which facts are one is known with the last of them at the earliest.
    """
    parts: dict[tuple[str, str, Encoding], list[Piece]] = {}
    for entry in entries:
        if entry.problem:
            raise Unreadable(entry.problem)
        for piece in entry.pieces():
            parts.setdefault((entry.dataset, entry.tenant, piece.encoding), []).append(piece)
    in_order = sorted(parts.items(), key=lambda part: part[0][2] == "merged")
    return [_lines(dataset, tenant, pieces) for (dataset, tenant, _), pieces in in_order]


def _lines(dataset: str, tenant: str, pieces: Sequence[Piece]) -> Lines:
    """Join pieces of one encoding into one text. Raises `Unreadable`."""
    if dataset not in DATASETS:
        raise Unreadable("the dataset is unknown")
    try:
        text = b"".join([piece.lines for piece in pieces]).decode().removesuffix("\n")
    except UnicodeDecodeError:
        raise Unreadable("the lines are not UTF-8") from None
    count = sum(piece.count for piece in pieces)
    encoding = pieces[0].encoding
    origins = tuple([(piece.sequence, piece.count) for piece in pieces])
    return Lines(DATASETS[dataset], tenant, text, count, encoding == "packed", encoding == "merged", origins)
