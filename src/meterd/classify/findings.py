"""Which of several overlapping findings are reported."""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable

import msgspec

from meterd.classify.model import Classifier, Likelihood


class Finding(msgspec.Struct, frozen=True):
    """Characters `start` to `end` (exclusive), as `classifier` sees them."""

    start: int
    end: int
    likelihood: Likelihood
    classifier: Classifier


class Precedence:
    """Who yields to whom among some classifiers."""

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
        """How many classifiers, each yielding to the next one, must be decided before this one."""
        if code not in self._depths:
            self._depths[code] = 0  # ends a circle
            above = [rival for rival in self._rivals[code] if code not in self._rivals[rival]]
            self._depths[code] = 1 + max(map(self._depth, above), default=-1)
        return self._depths[code]

    def settled(self, findings: Iterable[Finding]) -> list[Finding]:
        """Without those that yield to others, in order of start, end and name."""
        kept: list[Finding] = []
        cluster: list[Finding] = []
        end = 0
        for finding in sorted(findings, key=lambda finding: (finding.start, finding.end)):
            if cluster and finding.start >= end:
                kept += self._strongest(cluster)
                cluster = []
            cluster.append(finding)
            end = max(end, finding.end)
        kept += self._strongest(cluster)
        return sorted(kept, key=lambda finding: (finding.start, finding.end, finding.classifier.name))

    def _strongest(self, cluster: list[Finding]) -> list[Finding]:
        """Of a chain of overlapping findings: from the strongest on, those with no rival where they are."""
        if len(cluster) < 2:
            return cluster
        kept: list[Finding] = []
        places: dict[str, list[tuple[int, int]]] = {}
        for finding in sorted(cluster, key=self._strength):
            place = (finding.start, finding.end)
            code = finding.classifier.code
            if not any(_overlaps(places[rival], place) for rival in self._rivals[code] & places.keys()):
                insort(places.setdefault(code, []), place)
                kept.append(finding)
        return kept

    def _strength(self, finding: Finding) -> tuple[int, int, int, int, str]:
        code = finding.classifier.code
        return self._depths[code], -finding.likelihood, finding.start, -finding.end, code


def _overlaps(places: list[tuple[int, int]], place: tuple[int, int]) -> bool:
    """Whether a place overlaps one of those, which don't overlap each other and are in order."""
    start, end = place
    index = bisect_left(places, (end, 0))
    return index > 0 and places[index - 1][1] > start
