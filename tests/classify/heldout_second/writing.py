"""Ways in which programs, browsers, keyboards and scanners write what people have typed."""

import html
import json
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, quote_plus

Rewrite = Callable[[str], str]


def _same(text: str) -> str:
    return text


class Writing(NamedTuple):
    """How words and values are written, and what stands around each value and around the whole."""

    words: Rewrite = _same
    value: Rewrite = _same
    before: str = ""
    after: str = ""
    opening: str = ""
    closing: str = ""


def whole(rewrite: Rewrite, opening: str = "", closing: str = "") -> Writing:
    """Words and values in the same way."""
    return Writing(rewrite, rewrite, opening=opening, closing=closing)


def values_only(*replacements: tuple[str, str], before: str = "", after: str = "") -> Writing:
    """Only values differ from what is usual, by characters that stand for others."""
    table = {ord(usual): other for usual, other in replacements}
    return Writing(value=lambda text: text.translate(table), before=before, after=after)


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _json_ascii(text: str) -> str:
    return json.dumps(text)[1:-1].replace("/", r"\/")


def _json_careful(text: str) -> str:
    """As libraries write that keep JSON safe within HTML."""
    return re.sub("[<>&'@+]", lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text)[1:-1])


def _json_twice(text: str) -> str:
    return _json(_json(text))


def _percent(text: str) -> str:
    return quote(text, safe="")


def _xml(text: str) -> str:
    return html.escape(text).replace("\n", "&#10;")


def _entities(text: str) -> str:
    """Of careful mail programs and page builders: signs and all that is not ASCII as numbers."""
    return re.sub(r"[^\w\s.,]|[^\x00-\x7f]", lambda sign: f"&#{ord(sign[0])};", text)


def _hexadecimal_entities(text: str) -> str:
    return re.sub(r"[@+:/=&<>\"'-]|[^\x00-\x7f]", lambda sign: f"&#x{ord(sign[0]):X};", text)


def _page(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>\n")


def _page_value(text: str) -> str:
    return _page(text).replace(" ", "&nbsp;").replace("-", "&#8209;")


def _quoted_printable(text: str) -> str:
    """Of a mail as it is sent, with lines short enough for it."""
    return "".join(
        sign if sign.isascii() and sign != "=" else "".join(f"={byte:02X}" for byte in sign.encode()) for sign in text
    )


def _source_string(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", '\\n" +\n    "')


def _spaced_dashes(text: str) -> str:
    return text.replace("-", " - ").replace("/", " / ")


def _broken_line(text: str) -> str:
    """At the first blank of the second half."""
    half = len(text) // 2
    return text[:half] + text[half:].replace(" ", "\n", 1)


PLAIN = Writing()
JSON = whole(_json, '{"role": "user", "content": "', '"}')
JSON_ASCII = whole(_json_ascii, '{"event":"message","text":"', '","retry":false}')
JSON_CAREFUL = whole(_json_careful, '{"props":{"body":"', '"}}')
JSON_TWICE = whole(_json_twice, '{"level":"debug","message":"{\\"prompt\\":\\"', '\\"}","attempt":1}')
PERCENT = whole(_percent, "GET /search?lang=en&q=", "&page=1 HTTP/1.1")
FORM = whole(
    quote_plus, "POST /feedback HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\nmessage=", "&ok=1"
)
XML = whole(_xml, "<?xml version='1.0'?>\n<entry><summary>", "</summary></entry>")
ENTITIES = whole(_entities, "<p>", "</p>")
HEXADECIMAL_ENTITIES = whole(_hexadecimal_entities, "<td>", "</td>")
PAGE = Writing(_page, _page_value, opening="<div class='msg'>", closing="</div>")
BOLD = Writing(_page, _page, "<b>", "</b>", "<p>", "</p>")
QUOTED_PRINTABLE = whole(
    _quoted_printable, "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n", "\n--=20\n"
)
SOURCE_STRING = whole(_source_string, 'var TEXT =\n    "', '";\n')
YELLOW = Writing(before="\x1b[33m", after="\x1b[0m")
BRIGHT = Writing(before="\x1b[1;38;5;208m", after="\x1b[0m\x1b[K")
CARETS = Writing(before="^[[32m", after="^[[0m")
GREP = Writing(value=lambda text: f"{text[:4]}\x1b[m\x1b[K{text[4:]}", before="\x1b[01;31m\x1b[K")
MARKDOWN = values_only(before="`", after="`")
STARS = values_only(before="**", after="**")
NO_BREAK = values_only((" ", "\u00a0"), ("-", "\u2011"))
NARROW = values_only((" ", "\u202f"), ("-", "\u2013"))
THIN = values_only((" ", "\u2009"), ("-", "\u2010"))
MINUS = values_only(("-", "\u2212"))
FULL_WIDTH = values_only(*((chr(sign), chr(sign + 0xFEE0)) for sign in range(0x21, 0x7F)), (" ", "\u3000"))
FULL_WIDTH_DIGITS = values_only(*((chr(sign), chr(sign + 0xFEE0)) for sign in range(0x30, 0x3A)), ("-", "\uff0d"))
ARABIC_DIGITS = values_only(*((str(digit), chr(0x660 + digit)) for digit in range(10)))
PERSIAN_DIGITS = values_only(*((str(digit), chr(0x6F0 + digit)) for digit in range(10)))
DEVANAGARI_DIGITS = values_only(*((str(digit), chr(0x966 + digit)) for digit in range(10)))
DIRECTED = values_only(before="\u202a", after="\u202c")
ISOLATED = values_only(before="\u2068", after="\u2069")
SOFT_BREAKS = values_only((" ", " \u200b"), ("-", "-\u200b"), ("@", "\u200b@"), ("_", "_\u200b"))
TWO_BLANKS = values_only((" ", "  "))
TABULATED = values_only((" ", "\t"), before="\t", after="\t")
SPACED_DASHES = Writing(value=_spaced_dashes)
BROKEN_LINE = Writing(value=_broken_line)
