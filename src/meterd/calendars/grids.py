"""Grids of instants at which the clocks of a zone show round times.

Labels are the local times `phase`, `phase + period`, … of every day. The rules where clocks change:

- A label that doesn't exist because clocks were put forward over it is at the first instant after the change; labels
  that meet there, because clocks skipped several of them (a whole day in Apia on 2011-12-30), are one index.
- A label that comes twice because clocks were put back is two indexes when the period is no longer than what is
  repeated, otherwise only the first one is. So the day of a change has 23 or 25 hours, or one period of 5 or 7 hours.

All instants here are whole seconds since the Unix epoch.
"""

from collections.abc import Iterator
from math import gcd
from zoneinfo import ZoneInfo

import msgspec

from meterd.calendars.zones import DAY, Span, span_at


class LocalGrid(msgspec.Struct, frozen=True, cache_hash=True):
    """The instants of labels `period` seconds apart, from `phase` seconds after local midnight.

    Raises `ValueError` unless the period divides a day.
    """

    zone: ZoneInfo
    period: int
    phase: int = 0

    def __post_init__(self) -> None:
        if self.period < 1 or DAY % self.period:
            raise ValueError(f"a period of {self.period} seconds does not divide a day")

    def floor(self, at: int) -> int:
        """Return the greatest index that is not after the instant."""
        while True:
            span = span_at(self.zone, at)
            opening, regular = self._begins(span)
            if at >= regular:
                return at - (at + span.offset - self.phase) % self.period
            if at >= opening:
                return opening
            at = span.start - 1

    def indexes(self, first: int, last: int) -> Iterator[int]:
        """Return the indexes from `first` to `last`, both included, in order."""
        while first <= last:
            span = span_at(self.zone, first)
            opening, regular = self._begins(span)
            if first <= opening < min(regular, last + 1):
                yield opening
            if regular < first:
                regular = first + (self.phase - span.offset - first) % self.period
            yield from range(regular, min(span.end, last + 1), self.period)
            first = span.end

    def label(self, index: int) -> int:
        """Return the label of an index, as seconds since the local 1970-01-01T00:00.

        Of several that meet there: the last.
        """
        local = index + span_at(self.zone, index).offset
        return local - (local - self.phase) % self.period

    def instant(self, label: int) -> int:
        """Return the first instant at which the local time is the label or later."""
        index = self.floor(label - span_at(self.zone, label).offset + self.period - 1)
        while self.label(earlier := self.floor(index - 1)) >= label:
            index = earlier
        while self.label(index) < label:
            index = next(self.indexes(index + 1, index + 3 * DAY))
        return index

    def step(self, first: int, last: int) -> int:
        """Return the greatest number of seconds such that it divides all indexes from `first` to `last`, whatever they
        are.
        """
        step = self.period
        while first <= last:
            span = span_at(self.zone, first)
            opening, regular = self._begins(span)
            step = gcd(step, self.phase - span.offset)
            if first <= opening < regular:
                step = gcd(step, opening)
            first = span.end
        return step

    def _begins(self, span: Span) -> tuple[int, int]:
        """Return the first index of a span, and the first from which on all are `period` apart; the former is never
        later.
        """
        local, before = span.start + span.offset - self.phase, span.start + span.previous - self.phase
        if before < local:
            regular = span.start + -local % self.period
            skipped = local - local % self.period >= before
            return (span.start if skipped else regular), regular
        if before - local < self.period:
            local = before
        regular = local + -local % self.period - span.offset + self.phase
        return regular, regular
