"""More ways of writing: escapes of other languages, entities by name, colours by other codes, blanks of other kinds."""

import html
import json
import re
from urllib.parse import quote

from tests.classify.heldout_second.writing import Writing, values_only, whole

_NAMED = {
    "@": "&commat;",
    ".": "&period;",
    ":": "&colon;",
    "+": "&plus;",
    "_": "&lowbar;",
    "/": "&sol;",
    "=": "&equals;",
}


def _python(text: str) -> str:
    """As `repr` shows it in a program that knows only ASCII."""
    return text.encode("unicode_escape").decode().replace("'", "\\'")


def _script(text: str) -> str:
    """As templates write text into JavaScript so that nothing ends the string."""
    return "".join(sign if sign.isalnum() or sign == " " else _script_escape(sign) for sign in text)


def _script_escape(sign: str) -> str:
    number = ord(sign)
    return f"\\x{number:02X}" if number < 256 else "".join(f"\\u{unit:04X}" for unit in _units(sign))


def _units(sign: str) -> tuple[int, ...]:
    encoded = sign.encode("utf-16-be")
    return tuple(int.from_bytes(encoded[start : start + 2]) for start in range(0, len(encoded), 2))


def _properties(text: str) -> str:
    """Of a file of Java's properties."""
    escaped = re.sub(r"[\\:=#!]", r"\\\g<0>", text).replace("\n", "\\n")
    return "".join(sign if sign.isascii() else "".join(f"\\u{unit:04x}" for unit in _units(sign)) for sign in escaped)


def _statement(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")


def _cell(text: str) -> str:
    return text.replace('"', '""')


def _percent_lower(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), quote(text, safe=""))


def _percent_twice(text: str) -> str:
    return quote(quote(text, safe=""), safe="")


def _named_entities(text: str) -> str:
    return "".join(_NAMED.get(sign, html.escape(sign)) for sign in text).replace("\n", "&NewLine;")


def _numbered_entities(text: str) -> str:
    """Padded with zeros, as some filters of forums do."""
    return re.sub(r"[^\w\s]", lambda sign: f"&#{ord(sign[0]):04};", text)


def _markdown(text: str) -> str:
    """As converters of HTML write Markdown, so that nothing becomes a list or is emphasised."""
    return re.sub(r"[_*#~`]", r"\\\g<0>", text)


def _indented(mark: str) -> Writing:
    return whole(lambda text: text.replace("\n", f"\n{mark}"), mark)


def _json_lines(text: str) -> str:
    return json.dumps(text)[1:-1]


def _boxes(text: str) -> str:
    return " ".join(text)


PYTHON = whole(_python, "Message(role='user', content='", "', name=None)")
SCRIPT = whole(_script, "window.__note = '", "';")
PROPERTIES = whole(_properties, "# saved by the editor\nnote.text=", "\nnote.count=1\n")
STATEMENT = whole(_statement, "INSERT INTO notes (id, body) VALUES (17, '", "');")
CELL = whole(_cell, 'id,body\n17,"', '"\n')
JSON_LINES = whole(_json_lines, '{"type":"user_message","payload":{"parts":["', '"]}}\n{"type":"done"}')
PERCENT_LOWER = whole(_percent_lower, "location: https://app.example.com/return?note=", "&step=2")
PERCENT_TWICE = whole(_percent_twice, "https://sso.example.com/go?next=%2Fnotes%3Fbody%3D", "&lang=de")
NAMED_ENTITIES = whole(_named_entities, "<li>", "</li>")
NUMBERED_ENTITIES = whole(_numbered_entities, "<blockquote>", "</blockquote>")
MARKDOWN_ESCAPED = whole(_markdown)
QUOTED_MAIL = _indented("> ")
ADDED_LINES = _indented("+")
REMOVED_LINES = _indented("-")
COMMENTED = _indented("# ")
TWICE_INDENTED = _indented("        ")

TRUE_COLOUR = Writing(before="\x1b[38;2;220;50;47m", after="\x1b[39m")
UNDERLINED = Writing(before="\x1b[4m", after="\x1b[24m")
HYPERLINK = Writing(before="\x1b]8;;https://docs.example.com/keys\x1b\\", after="\x1b]8;;\x1b\\")
COLOUR_IN_JSON = Writing(before="\\u001b[36m", after="\\u001b[39m")
COLOUR_IN_SHELL = Writing(before="\\033[1;31m", after="\\033[0m")

CODE = values_only(before="<code>", after="</code>")
SPAN = values_only(before='<span class="hl" data-n="3">', after="</span>")
CURLY_QUOTES = values_only(before="\u201c", after="\u201d")
QUOTES = values_only(before='"', after='"')
PARENTHESES = values_only(before="(", after=")")
GUILLEMETS = values_only(before="\u00ab", after="\u00bb")
CORNERS = values_only(before="\u300c", after="\u300d")
ARROWS = values_only(before="-> ", after=" <-")

FIGURE_BLANKS = values_only((" ", "\u2007"), ("-", "\u2012"))
EM_BLANKS = values_only((" ", "\u2003"), ("-", "\ufe63"))
WORD_JOINERS = values_only((" ", "\u00a0\u2060"), ("-", "\u2060-\u2060"), (".", ".\u2060"))
BYTE_ORDER_MARK = values_only(before="\ufeff", after="\ufeff")
NON_JOINERS = values_only((" ", "\u200c "), ("-", "-\u200d"), ("@", "@\u200d"))
BENGALI_DIGITS = values_only(*((str(digit), chr(0x9E6 + digit)) for digit in range(10)))
THAI_DIGITS = values_only(*((str(digit), chr(0xE50 + digit)) for digit in range(10)))
TAMIL_DIGITS = values_only(*((str(digit), chr(0xBE6 + digit)) for digit in range(10)))
FULL_WIDTH_DOTS = values_only((".", "\uff0e"), ("@", "\uff20"))
THREE_BLANKS = values_only((" ", "   "))
BOXES = Writing(value=_boxes)
