"""A text as it is written, as it is read, and its tables cell by cell: what is proposed in each, and judged there."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from meterd.classify.findings import Finding
from meterd.classify.model import Classifier, Likelihood
from meterd.classify.reading import Reading
from meterd.classify.rules import Rules, Source
from meterd.classify.tables import Columns


class Origin(msgspec.Struct, frozen=True):
    """The origin of a proposed finding, and how likely it is before the rules."""

    likelihood: Likelihood
    classifier: Classifier
    rules: Rules


class Proposed(NamedTuple):
    """A place in a view that may be a finding."""

    origin: Origin
    view: "View"
    start: int
    end: int

    @property
    def classifier(self) -> Classifier:
        return self.origin.classifier

    def verdict(self, minimum: Likelihood) -> Finding | None:
        """Return what the rules make of it, in offsets of the text as it is written."""
        view, origin = self.view, self.origin
        found = origin.rules.verdict(view.source, self.start, self.end, origin.likelihood, minimum)
        return None if found is None else view.written(found)


Proposal = tuple[int, int, Proposed]
"""Where it is in the text as it is written: start and end."""


class View:
    """A text in which something is looked for: as it is written, or with `reading` as that says."""

    def __init__(
        self, source: Source, reading: Reading | Columns | None = None, differently: Reading | None = None
    ) -> None:
        """Take a text; `differently` is how one that is written can be read, too."""
        self.source = source
        self.differently = differently
        self.is_read = isinstance(reading, Reading)
        self.is_table = isinstance(reading, Columns)
        self._reading = reading

    def proposal(self, start: int, end: int, origin: Origin) -> Proposal | None:
        """Return what is proposed from `start` to `end` in this view; None for what is in no cell of a table."""
        place = self._reading.written(start, end) if self._reading else (start, end)
        return None if place is None else (*place, Proposed(origin, self, start, end))

    def written(self, found: Finding) -> Finding | None:
        """Return a finding of this view as one of the text; None for columns that nothing says to belong together."""
        if self._reading is None:
            return found
        if found.likelihood < Likelihood.VERY_LIKELY and self._has_gap(found.start, found.end):
            return None
        place = self._reading.written(found.start, found.end)
        return None if place is None else msgspec.structs.replace(found, start=place[0], end=place[1])

    def _has_gap(self, start: int, end: int) -> bool:
        """Tell whether it may be two numbers; what has a plus sign before it is one, however it is set."""
        gaps = self._reading is not None and self._reading.has_gap(start, end)
        return gaps and not self.source.text.startswith("+", start)


def views(source: Source, tells: Callable[[str], bool], go_on: Callable[[], None]) -> Iterator[View]:
    """Return a text as it is written, as it is read where that is another one, and the cells of its tables below
    headings that tell something. Often meanwhile it calls `go_on`, which may raise.
    """
    reading = Reading.of(source.text)
    yield View(source, differently=reading)
    if reading is not None:
        yield View(msgspec.structs.replace(source, text=reading.text), reading)
    columns = Columns.of(source.text, reading, tells, go_on)
    if columns is not None:
        yield View(msgspec.structs.replace(source, text=columns.text), columns)


def without_doubtful(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Leave out what is proposed of a text as it is written where that cuts, or holds, what stands for something else,
    and the same classifier proposes something of the text as it is read.
    """
    doubtful = {
        number
        for number, (start, end, proposed) in enumerate(proposals)
        if proposed.view.differently and proposed.view.differently.differs(start, end)
    }
    if not doubtful:
        return list(proposals)
    spans: dict[str, list[tuple[int, int]]] = {}
    for start, end, proposed in proposals:
        if proposed.view.is_read:
            spans.setdefault(proposed.classifier.code, []).append((start, end))
    read = {code: _Spans(places) for code, places in spans.items()}
    return [
        proposal
        for number, proposal in enumerate(proposals)
        if number not in doubtful
        or (known := read.get(proposal[2].classifier.code)) is None
        or not known.overlap(*proposal[:2])
    ]


class _Spans:
    """Places in a text."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        spans.sort()
        self._starts = [start for start, _ in spans]
        self._ends = list(accumulate((end for _, end in spans), max))

    def overlap(self, start: int, end: int) -> bool:
        """Tell whether one of them overlaps this place."""
        before = bisect_left(self._starts, end)
        return before > 0 and self._ends[before - 1] > start
