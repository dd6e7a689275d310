"""A text as patterns read it, with the way back: `Reading.of` undoes escapes and folds Unicode (`escapes`,
`characters`), and what is found is told in offsets of the text as it was written.
"""

import re
from array import array
from bisect import bisect_left, bisect_right

from meterd.classify import escapes
from meterd.classify.characters import folded, is_foldable, plain
from meterd.classify.escapes import GAP, GAPS, MEANINGS

_INDEX = "Q"


class Reading:
    """A text that is read otherwise than it is written.

    A unit is what stands for one character, or none. Of each there is kept where it starts and ends in the text, and
    where what it stands for ends here.
    """

    def __init__(self, written: str) -> None:
        """Read a text."""
        self._written = written
        self._starts, self._ends, self._read = array(_INDEX), array(_INDEX), array(_INDEX)
        self._gaps = array(_INDEX)
        self._plain = folded(written)
        self._moved = 0
        units = escapes.expression(self._plain)
        self.text = self._plain if units is None else units.sub(self._unit, self._plain)

    @classmethod
    def of(cls, written: str) -> "Reading | None":
        """Return the reading of a text; None for one that is read as it is written."""
        if not (escapes.may_occur(written) or is_foldable(written)):
            return None
        reading = cls(written)
        return reading if reading.text != written else None

    def _unit(self, found: re.Match[str]) -> str:
        kind, start, end = str(found.lastgroup), found.start(), found.end()
        meaning = MEANINGS[kind](found[0])
        if meaning is None or len(meaning) > 1:
            return found[0]
        meaning = _visible(meaning)
        read = start - self._moved
        if meaning == "\t" and _is_between_digits(self._plain, start, end):
            kind, meaning = GAP, " "
        if kind in GAPS:
            self._gaps.append(read)
        self._moved += end - start - len(meaning)
        self._starts.append(start)
        self._ends.append(end)
        self._read.append(read + len(meaning))
        return meaning

    def written(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the text something is that is read from `start` to `end`, which is not nothing."""
        first, _ = self._character(start)
        return first, self._character(end - 1)[1]

    def _character(self, place: int) -> tuple[int, int]:
        """Return where in the text a character that is read starts and ends."""
        before = bisect_right(self._read, place)
        start = place if before == 0 else self._ends[before - 1] + place - self._read[before - 1]
        stands_for_it = before < len(self._starts) and self._starts[before] == start
        return start, self._ends[before] if stands_for_it else start + 1

    def has_gap(self, start: int, end: int) -> bool:
        """Tell whether there is a gap within what is read."""
        return bisect_left(self._gaps, start) < bisect_left(self._gaps, end)

    def differs(self, start: int, end: int) -> bool:
        """Tell whether a part of the text cuts a unit, or is read otherwise; addresses and forms may be read either
        way.
        """
        first = bisect_right(self._ends, start)
        for place in range(first, len(self._starts)):
            unit = self._starts[place]
            if unit >= end:
                break
            if unit < start or self._ends[place] > end or self._written[unit] not in "%+":
                return True
        return self._written[start:end] != self._plain[start:end]


def _visible(meaning: str) -> str:
    """Return what patterns know a character as, if it can be seen at all."""
    if meaning.isascii():
        return meaning
    character = "\ufffd" if "\ud800" <= meaning <= "\udfff" else plain(meaning)
    return "" if escapes.is_invisible(character) else character


def _is_between_digits(text: str, start: int, end: int) -> bool:
    return start > 0 and end < len(text) and text[start - 1].isdigit() and text[end].isdigit()
