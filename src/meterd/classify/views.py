"""A text as it is written, and as it is read: what is proposed in either, and judged there."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from meterd.classify.findings import Finding
from meterd.classify.model import Classifier, Likelihood
from meterd.classify.reading import Reading
from meterd.classify.rules import Rules, Source


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

    def __init__(self, source: Source, reading: Reading | None = None, differently: Reading | None = None) -> None:
        """Take a text; `differently` is how one that is written can be read, too."""
        self.source = source
        self.differently = differently
        self.is_read = reading is not None
        self._reading = reading

    def proposal(self, start: int, end: int, origin: Origin) -> Proposal:
        """Return what is proposed from `start` to `end` in this view."""
        proposed = Proposed(origin, self, start, end)
        return (*self._reading.written(start, end), proposed) if self._reading else (start, end, proposed)

    def written(self, found: Finding) -> Finding | None:
        """Return a finding of this view as one of the text; None for columns that nothing says to belong together."""
        if self._reading is None:
            return found
        if found.likelihood < Likelihood.VERY_LIKELY and self._reading.has_gap(found.start, found.end):
            return None
        start, end = self._reading.written(found.start, found.end)
        return msgspec.structs.replace(found, start=start, end=end)


def views(source: Source) -> tuple[View, ...]:
    """Return a text as it is written, and as it is read where that is another one."""
    reading = Reading.of(source.text)
    if reading is None:
        return (View(source),)
    read = msgspec.structs.replace(source, text=reading.text)
    return View(source, differently=reading), View(read, reading)


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
