"""Regular expressions, all RE2's: searching takes time linear in the text, whatever the expression."""

import functools
from collections.abc import Iterator
from typing import Protocol, cast

import re2  # type: ignore[import-untyped]  # the package comes without types

_MEMORY = 8 * 2**20
"""Bytes that an expression may take, RE2's own default."""
_KEPT = 256
"""Expressions that stay compiled though nothing holds them: requests bring ever new ones."""


class InvalidExpression(ValueError):
    """Not a regular expression that can be searched for, in RE2's words."""


class Match(Protocol):
    def span(self, group: int = 0) -> tuple[int, int]:
        """Return where a group matched, (-1, -1) if it took no part."""


class RegularExpression(Protocol):
    """A compiled expression. Offsets are bytes in bytes and characters in a string."""

    groups: int
    programsize: int
    """Instructions, which bounds the work for a character."""

    def search(self, text: str | bytes) -> Match | None: ...

    def finditer(self, text: str | bytes, pos: int = 0, endpos: int | None = None) -> Iterator[Match]: ...


@functools.lru_cache(maxsize=_KEPT)
def compiled(pattern: str, ignore_case: bool = False, memory: int = _MEMORY) -> RegularExpression:
    """Compile an expression that takes at most `memory` bytes. Raises `InvalidExpression`."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    options.case_sensitive = not ignore_case
    try:
        return cast(RegularExpression, re2.compile(pattern, options))
    except re2.error as error:
        raise InvalidExpression(error.args[0].decode(errors="replace")) from None
    except UnicodeEncodeError:
        raise InvalidExpression("it has half of a surrogate pair") from None


def escaped(text: str) -> str:
    """Return the expression that matches exactly this text."""
    return cast(str, re2.escape(text))
