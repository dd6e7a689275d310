r"""Characters that are written as several: escapes of programs (`\n`, `\"`, `\u0041`), of addresses (`%40`), of markup
(`&#64;`), of mails (`=C3=A9`) and forms (`+`), letters with an accent after them; and what is no character at all, as
colours of terminals and tags of markup. Besides, what may stand between the groups of one number.
"""

import functools
import re
import unicodedata
from collections.abc import Callable
from html.entities import html5
from typing import NamedTuple

from meterd.classify.characters import IN_EMOJI, INVISIBLE, LONG_SOUND, MARKS
from meterd.expressions.regular import RegularExpression, compiled

_HEX = "[0-9A-Fa-f]"
_COLOUR = r"\[[0-9;:?<=>]*[@-~]"
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}


def _of_program(written: str) -> str | None:
    sign = written.lstrip("\\")
    if sign[:1] in ("u", "U", "x"):
        return _by_codes(sign[0], re.findall(rf"{_HEX}{{2,}}", written))
    if sign[:1] in ("\r", "\n"):
        return " "
    return _NAMED.get(sign, sign or "\\")


def _by_codes(kind: str, codes: list[str]) -> str | None:
    try:
        if kind == "x" and len(codes) > 1:
            return bytes.fromhex("".join(codes)).decode()
        if len(codes) > 1:
            return bytes.fromhex("".join(codes)).decode("utf-16-be")
        return chr(int(codes[0], 16))
    except (ValueError, OverflowError):
        return None


def _of_address(written: str) -> str | None:
    try:
        return bytes.fromhex(re.sub("%(?:25(?=.))*", "", written)).decode()
    except ValueError:
        return None


def _of_markup(written: str) -> str | None:
    name = re.sub("&(?:amp;(?=.))*", "", written)
    if not name.startswith("#"):
        return html5.get(name)
    try:
        return chr(int(name[2:-1], 16) if name[1] in "xX" else int(name[1:-1]))
    except (ValueError, OverflowError):
        return None


def _of_mail(written: str) -> str | None:
    """Quoted-printable (RFC 2045): bytes as `=C3=A9`, and line breaks that are none."""
    codes = bytes.fromhex(re.sub(r"[=\r\n]", "", written))
    try:
        return codes.decode()
    except UnicodeDecodeError:
        return codes.decode("latin-1")


def _of_tag(written: str) -> str:
    """Words are joined by what only says how they look, and apart on either side of everything else."""
    return "" if _INLINE.match(written) else " "


class Kind(NamedTuple):
    """A way to write characters: what it begins with, as part of a class, what follows, and what it stands for.

    `sign` is something that every text has which has some.
    """

    name: str
    first: str
    rest: str
    meaning: Callable[[str], str | None]
    sign: str | RegularExpression

    def occurs(self, text: str) -> bool:
        """Tell whether a text may have some."""
        return self.sign in text if isinstance(self.sign, str) else self.sign.search(text) is not None


GAP = "gap"
"""Two or three blanks, or a tab, within what may be a number: also what stands between columns."""
SPREAD = "spread"
"""A hyphen or a slash with blanks around it between digits: also what stands between two numbers."""
WRAPPED = "wrapped"
"""A line break between groups of four: also what stands between two numbers."""
LEADER = "leader"
"""Dots, lines or blanks that lead from a label to what is filled in."""
GAPS = frozenset({GAP, SPREAD, WRAPPED})
"""Of these it takes a word to say that what is on both sides is one number."""
ADDRESS, MAIL, FORM, TAG = "address", "mail", "form", "tag"

_INLINE_TAGS = "abbr|a|big|b|cite|code|del|em|font|ins|i|kbd|mark|q|samp|small|span|strong|s|sub|sup|tt|u|var|wbr"
_BLOCK_TAGS = "br|dd|div|dl|dt|h[1-6]|hr|label|li|ol|pre|p|table|tbody|td|thead|th|tr|ul"
_INLINE = re.compile(rf"</?(?:{_INLINE_TAGS})\b", re.IGNORECASE)
_TAG = rf"/?(?i:{_INLINE_TAGS}|{_BLOCK_TAGS})(?:\s[^<>]*)?/?>"
_IN_MAIL = compiled(
    r"(?i:quoted-printable)|=3D|=20\r?\n|=(?:C[2-9A-F]|D[0-9A-F]|E[0-9A-F]=[89AB][0-9A-F])=[89AB][0-9A-F]"
    r"|(?:^|\n)[^\n]{50,74}[^\s=]=\r?\n[^\n]{50,74}[^\s=]=\r?\n"
)
_IN_FORM = compiled(
    r"x-www-form-urlencoded|[?&][0-9A-Za-z_.-]{1,40}=[0-9A-Za-z%]+\+[0-9A-Za-z%]"
    r"|=[^\s&=\"'<>]*(?:\+[^\s&=\"'<>]*%[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2}[^\s&=\"'<>]*\+)"
)

KINDS = (
    Kind("terminal", r"\x1b", _COLOUR, lambda _: "", "\x1b"),
    Kind("link", r"\x1b", r"\][0-9]{1,4};;?|\\", lambda _: " ", "\x1b]"),
    Kind("shown_terminal", r"\^", r"\[\[[0-9;]*m", lambda _: "", "^[["),
    Kind("written_terminal", r"\\", rf"\\*(?:u001[bB]|x1[bB]|0?33|e){_COLOUR}", lambda _: "", "\\"),
    Kind(
        "program",
        r"\\",
        rf"\\*(?:u[dD][89abAB]{_HEX}{{2}}\\+u[dD][c-fC-F]{_HEX}{{2}}|u{_HEX}{{4}}|u\{{{_HEX}{{2,6}}\}}|U0{_HEX}{{7}}"
        rf"|x[c-fC-F]{_HEX}(?:\\+x[89abAB]{_HEX}){{1,3}}|x{_HEX}{{2}}|\r?\n|[nrt\"'`/]|(?<=\\\\))",
        _of_program,
        "\\",
    ),
    Kind(
        ADDRESS,
        "%",
        rf"(?:25)*(?:[0-7]{_HEX}|[c-fC-F]{_HEX}(?:%(?:25)*[89abAB]{_HEX}){{1,3}})",
        _of_address,
        "%",
    ),
    Kind(
        "markup", "&", rf"(?:amp;)*(?:#[0-9]{{2,7}}|#[xX]{_HEX}{{2,6}}|[A-Za-z][A-Za-z0-9]{{1,31}});", _of_markup, "&"
    ),
    Kind(
        MAIL,
        "=",
        r"(?:[C-F][0-9A-F](?:=(?:\r?\n=)?[89AB][0-9A-F]){0,3}|3D|20(?=\r?\n)|09|2E|40|46(?=rom )|\r?\n)",
        _of_mail,
        _IN_MAIL,
    ),
    Kind(FORM, r"\+", r"(?<=[0-9A-Za-z.,;:!?)\]'\"_-]\+)(?=[0-9A-Za-z%('\"])", lambda _: " ", _IN_FORM),
    Kind(TAG, "<", _TAG, _of_tag, compiled(f"<{_TAG}")),
    Kind("invisible", INVISIBLE + IN_EMOJI, "", lambda _: "", compiled(f"[{INVISIBLE}{IN_EMOJI}]")),
    Kind("long_sound", LONG_SOUND, "(?<=[0-9].)(?=[0-9])", lambda _: "-", LONG_SOUND),
    Kind(
        "accented",
        r"A-Za-z\u3040-\u30ff",
        f"[{MARKS}]",
        lambda written: unicodedata.normalize("NFC", written),
        compiled(f"[{MARKS}]"),
    ),
    Kind(
        LEADER,
        r"._ \u00b7\u2026",
        r"(?:(?<=[^\s\d.]\.)\.{3,}|(?<=[^\s\d_]_)_{3,}"
        r"|(?<=[^\s\d] )(?:\.{4,}| {4,}|_{4,}|[. ]{5,}|[\u00b7\u2026 ]{3,}))",
        lambda _: " ",
        compiled(r"\.{4}|_{4}|[^\s\d] {5}|(?:[^\s\d] )(?:\. ){3}|[\x{b7}\x{2026}]{3}"),
    ),
    Kind(SPREAD, " ", "(?<=[0-9] )[-/] (?=[0-9])", str.strip, compiled("[0-9] [-/] [0-9]")),
    Kind(
        WRAPPED,
        r"\n",
        r"(?<=[0-9A-Z]{4}[ -][0-9A-Z]{4}\n)[ \t]{0,8}(?=[0-9A-Z]{1,4}\b)",
        lambda _: " ",
        compiled(r"[0-9A-Z]{4}[ -][0-9A-Z]{4}\n[ \t]{0,8}[0-9A-Z]"),
    ),
    Kind(
        GAP,
        r" \t",
        r"(?:(?<=[0-9)][ \t])[ \t]{1,2}|(?<=[0-9)]\t))(?=[0-9A-Z])|(?:(?<=[A-Z][ \t])[ \t]{1,2}|(?<=[A-Z]\t))(?=[0-9])",
        lambda _: " ",
        compiled(r"[0-9)](?:[ \t]{2,3}|\t)[0-9A-Z]|[A-Z](?:[ \t]{2,3}|\t)[0-9]"),
    ),
)
_BY_NAME = {kind.name: kind for kind in KINDS}
_WITH_COMMON_SIGNS = tuple(
    (common, _BY_NAME[name])
    for common, name in (
        ("=", MAIL),
        ("+", FORM),
        ("<", TAG),
        ("-", SPREAD),
        ("/", SPREAD),
        ("....", LEADER),
        ("____", LEADER),
        ("\n", WRAPPED),
    )
)
"""What is so common that a text which has it is looked at once more."""
MEANINGS = {kind.name: kind.meaning for kind in KINDS}
_BEYOND_ASCII = frozenset({"invisible", "long_sound", "accented"})
_INVISIBLE = re.compile(f"[{INVISIBLE}{IN_EMOJI}]")


def is_invisible(character: str) -> bool:
    """Tell whether nobody sees a character."""
    return _INVISIBLE.fullmatch(character) is not None


def may_occur(text: str) -> bool:
    """Tell, at once, whether a text may have any that is written in ASCII."""
    return (
        "\\" in text
        or "%" in text
        or "&" in text
        or "\x1b" in text
        or "^" in text
        or _may_have_gaps(text)
        or any(common in text and kind.occurs(text) for common, kind in _WITH_COMMON_SIGNS)
    )


def _may_have_gaps(text: str) -> bool:
    return "\t" in text or "  " in text


def expression(text: str) -> re.Pattern[str] | None:
    """Return what matches all that is written otherwise in a text, in a group of the kind's name; None if there is no
    sign of any.
    """
    gaps, beyond = _may_have_gaps(text), not text.isascii()
    kinds = tuple(
        place
        for place, kind in enumerate(KINDS)
        if (gaps or kind.name != GAP) and (beyond or kind.name not in _BEYOND_ASCII) and kind.occurs(text)
    )
    return _compiled(kinds) if kinds else None


@functools.lru_cache(maxsize=64)
def _compiled(places: tuple[int, ...]) -> re.Pattern[str]:
    """Compile some kinds. They begin with a class, as those characters are then looked for quickly."""
    kinds = [KINDS[place] for place in places]
    firsts = "".join(dict.fromkeys(kind.first for kind in kinds))
    rests = (f"(?P<{kind.name}>(?<=[{kind.first}])(?:{kind.rest}))" for kind in kinds)
    return re.compile(f"[{firsts}](?:{'|'.join(rests)})")
