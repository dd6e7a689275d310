"""Redaction of a text that arrives in chunks.

What a classifier says of a character depends on at most `window` characters: on the match that the character is part
of, and on the words around that match. So a character is decided as soon as `window` characters before it and after it
were classified together with it. Those before are sent again, those after are held back.

Credentials are longer than other things, but have no spaces. So a run of characters without one is held back whole too.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from meterd.client.guard.redaction import Action, Policy
from meterd.client.guard.wire import Match

_LONGEST_PIECE = 16_384
_RUN = re.compile(r"[!-~]{1,4096}")
"""ASCII without spaces, of a length up to which it is held back; scripts without spaces are not."""


def pieces(chunk: str) -> Iterator[str]:
    """The chunk in parts, none too long to be classified at once."""
    return (chunk[start : start + _LONGEST_PIECE] for start in range(0, len(chunk), _LONGEST_PIECE))


class Part(msgspec.Struct, frozen=True):
    """Text that may be released, its matches with offsets in the stream, and what was done to it."""

    text: str
    matches: list[Match]
    actions: frozenset[Action]


class Window:
    """The end of a stream: `text` is to be classified when `add` says so, then `decide` says what may be released.

    A match, or run, that reaches into what is not decided is held back whole. A match may be of any length.
    """

    def __init__(self, policy: Policy, window: int) -> None:
        """Raises `ValueError` unless `window` is at least 1 character."""
        if window < 1:
            raise ValueError(f"window must be at least 1 character, got {window}")
        self.text = ""
        self._policy = policy
        self._window = window
        self._offset = 0
        self._released = 0
        self._due = 2 * window

    def add(self, piece: str) -> bool:
        """Whether enough was added since the text was classified last."""
        self.text += piece
        return len(self.text) >= self._due

    def decide(self, matches: Sequence[Match], *, last: bool) -> Part:
        """The next part, given the matches of `text`; all that is left if it is the `last` one.

        Where a match is to be blocked, the part ends before it.
        """
        border = len(self.text) if last else self._border(matches)
        decided = [match for match in matches if match.start < border and match.end > self._released]
        begun = [match for match in decided if match.start >= self._released]
        blocking = [match for match in decided if self._policy.action(match) == "block"]
        if blocking:
            first = min(blocking, key=lambda match: match.start)
            border = max(first.start, self._released)
            begun = [*(match for match in begun if match.start < border), first]
        part = Part(
            self._policy.masked(self.text, decided)[self._released : border],
            [self._in_stream(match) for match in begun],
            frozenset(map(self._policy.action, begun)) - {"none"},
        )
        self._move(border)
        return part

    def _border(self, matches: Sequence[Match]) -> int:
        """Where what is decided ends; not before what is released, whatever the matches say now."""
        border = len(self.text) - self._window
        wholes = [(match.start, match.end) for match in matches]
        wholes += [run.span() for run in _RUN.finditer(self.text, self._released)]
        while crossing := [start for start, end in wholes if start < border < end]:
            border = min(crossing)
        return max(border, self._released)

    def _in_stream(self, match: Match) -> Match:
        return msgspec.structs.replace(match, start=match.start + self._offset, end=match.end + self._offset)

    def _move(self, border: int) -> None:
        """Forget what the characters after `border` don't depend on."""
        forgotten = max(0, border - self._window)
        self._due = len(self.text) - forgotten + self._window
        self.text = self.text[forgotten:]
        self._released = border - forgotten
        self._offset += forgotten
