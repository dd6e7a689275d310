"""Precedence among overlapping findings: which are reported."""

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable
from typing import Protocol, TypeVar

import msgspec

from meterd.classify.model import Classifier, Likelihood


class Proposer(Protocol):
    """A classifier's way to propose findings."""

    @property
    def classifier(self) -> Classifier: ...


_Proposer = TypeVar("_Proposer", bound=Proposer)
Span = tuple[int, int]


class Finding(msgspec.Struct, frozen=True):
    """A finding of `classifier`: characters `start` to `end` (exclusive)."""

    start: int
    end: int
    likelihood: Likelihood
    classifier: Classifier


class Precedence:
    """The order in which some classifiers yield to others."""

    def __init__(self, classifiers: Collection[Classifier]) -> None:
        codes: dict[str, set[str]] = {one.code: {one.code} for one in classifiers}
        for one in classifiers:
            if one.family:
                codes.setdefault(one.family, set()).add(one.code)
        self._rivals = {
            one.code: {one.code}.union(*(codes.get(name, ()) for name in one.yields_to)) for one in classifiers
        }
        self._depths: dict[str, int] = {}
        for one in classifiers:
            self._depth(one.code)

    def _depth(self, code: str) -> int:
        """Tell how many classifiers, each yielding to the next one, must be decided before this one."""
        if code not in self._depths:
            self._depths[code] = 0  # ends a circle
            above = [rival for rival in self._rivals[code] if code not in self._rivals[rival]]
            self._depths[code] = 1 + max(map(self._depth, above), default=-1)
        return self._depths[code]

    def settled(
        self,
        proposals: Iterable[tuple[int, int, _Proposer]],
        evaluate: Callable[[int, int, _Proposer], Finding | None],
    ) -> list[Finding]:
        """Return what is left of proposed places, in order of start, end and name.

        Judging is dear, so it is done from those that yield to nobody on, and only where no rival was found. A finding
        may be larger than the place that was proposed.
        """
        levels: dict[int, list[tuple[int, int, _Proposer]]] = {}
        for proposal in proposals:
            levels.setdefault(self._depths[proposal[2].classifier.code], []).append(proposal)
        kept: list[Finding] = []
        spans: dict[str, list[Span]] = {}
        for _, level in sorted(levels.items()):
            findings = [
                finding
                for start, end, proposer in level
                if not self._is_suppressed(proposer.classifier.code, (start, end), spans)
                and (finding := evaluate(start, end, proposer)) is not None
            ]
            for finding in sorted(findings, key=_strength):
                code, span = finding.classifier.code, (finding.start, finding.end)
                if not self._is_suppressed(code, span, spans):
                    insort(spans.setdefault(code, []), span)
                    kept.append(finding)
        return sorted(kept, key=lambda finding: (finding.start, finding.end, finding.classifier.name))

    def _is_suppressed(self, code: str, span: Span, spans: dict[str, list[Span]]) -> bool:
        """Tell whether a rival was found where this is."""
        return any(_overlaps(spans[rival], span) for rival in self._rivals[code] & spans.keys())


def _strength(finding: Finding) -> tuple[int, int, int, str]:
    return -finding.likelihood, finding.start, -finding.end, finding.classifier.code


def _overlaps(spans: list[Span], span: Span) -> bool:
    """Tell whether a span overlaps one of those, which don't overlap each other and are in order."""
    start, end = span
    index = bisect_left(spans, (end, 0))
    return index > 0 and spans[index - 1][1] > start
