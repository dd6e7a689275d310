"""Redaction of a text that arrives in chunks.

What a classifier says of a character depends on at most `window` characters: on the match that the character is part
of, and on the words around that match. So a character is decided as soon as `window` characters before it and after it
were classified together with it. Those before are sent again, those after are held back.

Credentials are longer than other things. But most have no spaces, and key files say where they end: such a run, or
block, is held back whole too, the block however its lines are broken.

Each character is classified several times. Where the matches that start at it count is fixed before each request: as
soon as it is `window` characters from the end, and in no run or block that reaches further.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from meterd.client.guard.redaction import Action, Policy
from meterd.client.guard.wire import Counted, Match

_MAX_PIECE_LENGTH = 16_384
_RUN = re.compile(r"[!-~]{1,4096}")
"""ASCII without spaces, of a length up to which it is held back; scripts without spaces are not."""
_BEGIN = re.compile(
    r"-----BEGIN [0-9A-Z ]{0,40}(?:-----|-{0,4}\Z)|---- BEGIN SSH2 [A-Z ]{0,40}(?:----|-{0,3}\Z)"
    r"|PuTTY-User-Key-File-[23]: [0-9a-z-]*"
)
_GOES_ON = re.compile(r"[^\w\n]{0,12}?(?:\n|\\|<|%|&|[0-9A-Za-z+/=]{20}|[0-9A-Za-z+/=]*\Z)")
"""What follows where a key file begins: a line break, in whatever form, or its first line. A sentence does not."""
_END = re.compile(r"-----END [0-9A-Z ]{1,40}-----|---- END SSH2 [A-Z ]{1,40} ----|Private-MAC: [0-9a-f]{40,64}")
_MAX_BLOCK_LENGTH = 16_384
_GAP = 200
"""Characters between two lines of a key, whatever they are: line breaks may be escaped, quoted, or in markup."""
_NEXT_LINE = re.compile(rf".{{0,{_GAP}}}?[0-9A-Za-z+/=]{{20,}}+", re.DOTALL)


def pieces(chunk: str) -> Iterator[str]:
    """Split a chunk into parts, none too long to be classified at once."""
    return (chunk[start : start + _MAX_PIECE_LENGTH] for start in range(0, len(chunk), _MAX_PIECE_LENGTH))


def _blocks(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Find key files that begin from `start` on: to their end, or else to what is foreign to them or too far.

    What may go on after the end of the text goes on to that.
    """
    for begin in _BEGIN.finditer(text, start):
        closing = _END.search(text, begin.end(), begin.start() + _MAX_BLOCK_LENGTH)
        limit = closing.start() if closing else begin.start() + _MAX_BLOCK_LENGTH
        end = begin.end()
        if not _GOES_ON.match(text, end):
            yield begin.span()
            continue
        while line := _NEXT_LINE.match(text, end, limit):
            end = line.end()
        if closing and closing.start() - end <= _GAP:
            end = closing.end()
        elif len(text) - end <= _GAP:
            end = len(text)
        yield begin.start(), end


class Part(msgspec.Struct, frozen=True):
    """Text that may be released, its matches with offsets in the stream, and what was done to it."""

    text: str
    matches: list[Match]
    actions: frozenset[Action]


class Window:
    """The end of a stream: `text` is to be classified when `add` or `close` say what that counts; then `decide`.

    A match, run, or block that reaches into what is not decided is held back whole. A match may be of any length.
    """

    def __init__(self, policy: Policy, window: int) -> None:
        """Begin a stream.

        Raises:
            ValueError: `window` is less than 1 character.
        """
        if window < 1:
            raise ValueError(f"window must be at least 1 character, got {window}")
        self.text = ""
        self._policy = policy
        self._window = window
        self._offset = 0
        self._released = 0
        self._counted = 0
        self._due = 2 * window

    def add(self, piece: str) -> Counted | None:
        """Take a piece; return what the classification counts that is due, None when none is, or all is held back."""
        self.text += piece
        if len(self.text) < self._due:
            return None
        self._due = len(self.text) + self._window
        end = self._uncut(len(self.text) - self._window, [])
        return Counted(self._counted, end) if end > self._counted else None

    def close(self) -> Counted | None:
        """Return what the last classification counts; None when there is nothing left."""
        return Counted(self._counted, len(self.text)) if self.text else None

    def decide(self, matches: Sequence[Match], counted: Counted) -> Part:
        """Return the next part, given the matches of `text`, of which the service has `counted` some.

        Where a match is to be blocked, the part ends before it.
        """
        border = max(self._uncut(counted.end, matches), self._released)
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
        self._move(border, counted)
        return part

    def _uncut(self, border: int, matches: Sequence[Match]) -> int:
        """Return the last place up to `border` that is within no match, and no run or block that is not released."""
        wholes = [(match.start, match.end) for match in matches]
        wholes += [found.span() for found in _RUN.finditer(self.text, self._released)]
        wholes += _blocks(self.text, self._released)
        while crossing := [start for start, end in wholes if start < border < end]:
            border = min(crossing)
        return border

    def _in_stream(self, match: Match) -> Match:
        return msgspec.structs.replace(match, start=match.start + self._offset, end=match.end + self._offset)

    def _move(self, border: int, counted: Counted) -> None:
        """Forget what the characters after `border` don't depend on."""
        forgotten = max(0, border - self._window)
        self.text = self.text[forgotten:]
        self._released = border - forgotten
        self._counted = counted.end - forgotten
        self._due -= forgotten
        self._offset += forgotten
