"""Reads an expression from left to right and keeps the position."""

from meterd.expressions.errors import ExpressionError

_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_MAX_DIGITS = 18
"""Digits of a number: more than any amount of time has that a date can be moved by."""


class Scanner:
    """A position in an expression, from which small pieces are taken.

    A scanner may be limited to a section of the expression; positions always count from the beginning of the whole.

    Attributes:
        part: what is being read, such as `date rule`; errors name it.
        text: the whole expression.
        position: of the next character.
    """

    def __init__(self, part: str, text: str) -> None:
        self.part = part
        self.position = 0
        self.text = text
        self._end = len(text)

    @property
    def next(self) -> str:
        """The next character, not taken; empty at the end."""
        return self.text[self.position] if self.position < self._end else ""

    @property
    def at_digit(self) -> bool:
        return self.next in _DIGITS

    @property
    def at_letter(self) -> bool:
        return self.next in _LETTERS

    def take(self, text: str) -> bool:
        """Take the text if it comes next."""
        found = self.text.startswith(text, self.position, self._end)
        if found:
            self.position += len(text)
        return found

    def letters(self) -> str:
        """Take all ASCII letters that come next, perhaps none."""
        start = self.position
        while self.at_letter:
            self.position += 1
        return self.text[start : self.position]

    def number(self, name: str, minimum: int, maximum: int | None = None, *, width: int | None = None) -> int:
        """Take a number of ASCII digits: exactly `width` of them, or one or more.

        Raises:
            ExpressionError: there is none, or it isn't from `minimum` to `maximum`, which may be open.
        """
        start = self.position
        while self.at_digit and self.position - start < (width or self._end):
            self.position += 1
        digits = self.text[start : self.position]
        if not digits or len(digits) < (width or 1):
            raise self.error(f"the {name} must be a number" + (f" of {width} digits" if width else ""), start)
        if len(digits) > _MAX_DIGITS:
            raise self.error(f"the {name} has {len(digits)} digits, at most {_MAX_DIGITS} are allowed", start)
        if int(digits) < minimum or (maximum is not None and int(digits) > maximum):
            allowed = f"at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
            raise self.error(f"the {name} must be {allowed}, got {digits}", start)
        return int(digits)

    def skip_blanks(self) -> None:
        while self.take(" "):
            pass

    def section(self, ends: str) -> "Scanner":
        """Take everything up to one of the characters `ends`, or to the end: a scanner of it, without blanks around."""
        inside = Scanner(self.part, self.text)
        inside.position = self.position
        while self.next and self.next not in ends:
            self.position += 1
        inside._end = self.position
        inside.skip_blanks()
        while inside._end > inside.position and self.text[inside._end - 1] == " ":
            inside._end -= 1
        return inside

    def rest(self) -> str:
        """Take everything up to the end."""
        start, self.position = self.position, self._end
        return self.text[start : self._end]

    def expect_end(self) -> None:
        """Raise `ExpressionError` when anything is left."""
        if self.next:
            raise self.error(f"the {self.part} should end here, got {self.next!r}")

    def error(self, problem: str, position: int | None = None) -> ExpressionError:
        """Return an error at a position, by default the present one."""
        return ExpressionError(self.part, self.text, self.position if position is None else position, problem)
