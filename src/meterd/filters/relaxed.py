"""JSON as people and MongoDB's shell write it: names without quotes, single quotes, and regular expressions `/AB/i`."""

import re

import msgspec

from meterd.filters.literals import NUMBER, Literal, bare_literal, quoted_literal
from meterd.filters.scanner import QUOTED, FilterScanner

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"} | {same: same for same in "\"'\\/"}
_REGEX = re.compile(r"/([^/\\\n]*(?:\\.[^/\\\n]*)*)/([a-z]*)")
_NAME = re.compile(r"[\w$#@][\w$#@.-]*")
_BARE = re.compile(rf"(?:true|false|null)\b|{NUMBER.pattern}")


class Regex(msgspec.Struct, frozen=True):
    """A regular expression `/pattern/options`; the pattern's position is that of the first slash."""

    pattern: Literal
    options: str


class Array(msgspec.Struct, frozen=True):
    items: tuple["Node", ...]
    position: int


class Member(msgspec.Struct, frozen=True):
    name: str
    value: "Node"
    position: int


class Object(msgspec.Struct, frozen=True):
    """An object: members in the order of the text; a name may come more than once."""

    members: tuple[Member, ...]
    position: int


Node = Literal | Regex | Array | Object


def read_object(scanner: FilterScanner) -> Object:
    """Return the object that the whole text is.

    Raises `ExpressionError`.
    """
    scanner.skip_blanks()
    start = scanner.position
    scanner.expect("{")
    found = _members(scanner, start)
    scanner.require_end("nothing after the object")
    return found


def _value(scanner: FilterScanner) -> Node:
    scanner.skip_blanks()
    start = scanner.position
    if scanner.accept("{"):
        return _members(scanner, start)
    if scanner.accept("["):
        return _elements(scanner, start)
    scanner.count("values")
    text = _string(scanner)
    if text is not None:
        return quoted_literal(text, start)
    if regex := scanner.match(_REGEX):
        return Regex(quoted_literal(regex[1], start), regex[2])
    if bare := scanner.match(_BARE):
        return bare_literal(bare[0], start)
    raise scanner.error(f"expected a value of JSON (text in quotes), got {scanner.next_word()}")


def _elements(scanner: FilterScanner, start: int) -> Array:
    items: list[Node] = []
    with scanner.nested():
        if scanner.accept("]"):
            return Array((), start)
        while True:
            items.append(_value(scanner))
            if scanner.expect(",", "]") == "]":
                return Array(tuple(items), start)


def _members(scanner: FilterScanner, start: int) -> Object:
    members: list[Member] = []
    with scanner.nested():
        if scanner.accept("}"):
            return Object((), start)
        while True:
            scanner.skip_blanks()
            position = scanner.position
            name = _name(scanner)
            scanner.expect(":")
            members.append(Member(name, _value(scanner), position))
            if scanner.expect(",", "}") == "}":
                return Object(tuple(members), start)


def _name(scanner: FilterScanner) -> str:
    name = _string(scanner)
    if name is not None:
        return name
    bare = scanner.match(_NAME)
    if not bare:
        raise scanner.error(f"expected a name, got {scanner.next_word()}")
    return bare[0]


def _string(scanner: FilterScanner) -> str | None:
    """Return a text in quotes, if one comes next."""
    scanner.skip_blanks()
    start = scanner.position
    match = scanner.match(QUOTED)
    if not match:
        if scanner.text.startswith(("'", '"'), start):
            raise scanner.error("the quotes are not closed")
        return None

    def unescaped(escape: re.Match[str]) -> str:
        character = escape[1]
        if len(character) > 1:
            return chr(int(character[1:], 16))
        if character not in _ESCAPES:
            at = match.start() + 1 + escape.start()
            raise scanner.error(f"unknown escape {escape[0]!r}, write a backslash as \\\\", at)
        return _ESCAPES[character]

    text = _ESCAPE.sub(unescaped, match[match.lastindex or 1])
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")  # joins the pairs of \ud83d\ude00
    except UnicodeDecodeError:
        raise scanner.error("half of a surrogate pair is not a character", start) from None
