"""Regular expressions, all RE2's: searching takes time linear in the text, whatever the expression."""

import functools
import re
from collections.abc import Iterator
from typing import Protocol, cast

import re2  # type: ignore[import-untyped]  # the package comes without types

_MEMORY = 4 << 20
_KEPT = 256
"""Expressions that stay compiled though nothing holds them: requests bring ever new ones, each up to `_MEMORY`."""
_SINGLE_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\C")


class InvalidExpression(ValueError):
    """Not a regular expression that can be searched for, in RE2's words."""


class Found(Protocol):
    def span(self, group: int = 0) -> tuple[int, int]:
        """Where a group matched, (-1, -1) if it took no part."""


class Regexp(Protocol):
    """A compiled expression. Offsets are bytes in bytes and characters in a string."""

    groups: int
    programsize: int
    """Instructions, which bounds the work for a character."""

    def search(self, text: str | bytes) -> Found | None: ...

    def finditer(self, text: str | bytes, pos: int = 0, endpos: int | None = None) -> Iterator[Found]: ...


@functools.lru_cache(maxsize=_KEPT)
def compiled(regex: str, ignore_case: bool = False) -> Regexp:
    """Raises `InvalidExpression`."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.case_sensitive = not ignore_case
    if _SINGLE_BYTE.search(regex):
        raise InvalidExpression("\\C is not supported, as it cuts characters into bytes")
    try:
        return cast(Regexp, re2.compile(regex, options))
    except re2.error as error:
        raise InvalidExpression(error.args[0].decode(errors="replace")) from None
    except UnicodeEncodeError:
        raise InvalidExpression("it has half of a surrogate pair") from None


def escaped(text: str) -> str:
    """The expression that matches exactly this text."""
    return cast(str, re2.escape(text))
