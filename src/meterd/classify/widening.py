"""Makes an expression wider, matching wherever it did and elsewhere too, but many times smaller when it is compiled.

Classes of letters, of which Unicode has hundreds of ranges, become ASCII's and everything beyond, as do ranges beyond
ASCII; long counted repeats lose their upper bound.
"""

import re

_MAX_COUNT_LENGTH = 8
_BEYOND_ASCII = r"\x{80}-\x{10ffff}"
_ASCII = {"L": "A-Za-z", "Lu": "A-Z", "Ll": "a-z", "N": "0-9", "Nd": "0-9", "M": "", "Mn": ""}
_TOKEN = re.compile(
    r"(?P<range>[^\x00-\x7f]-(?:[^\x00-\x7f]|\\x\{[0-9A-Fa-f]+\}))|\\p(?:\{(?P<name>\w+)\}|(?P<letter>\w))|\\[xPp]\{[^}]*\}|\\.|\[:\^?\w+:\]|(?P<open>\[\^?\]?)|(?P<close>\])"
    r"|\{(?P<minimum>\d+)(?P<comma>,?)(?P<maximum>\d*)\}|.",
    re.DOTALL,
)


def widened(regex: str) -> str:
    """Return an expression that matches wherever this one does."""
    if r"\Q" in regex:
        return regex
    parts: list[str] = []
    within = ""
    for token in _TOKEN.finditer(regex):
        ascii_part = _ASCII.get(token["name"] or token["letter"] or "")
        if token["open"] and not within:
            within = token["open"]
            parts.append(token[0])
        elif token["close"] and within:
            within = ""
            parts.append(token[0])
        elif token["range"]:
            parts.append(_BEYOND_ASCII if within and not within.startswith("[^") else token[0])
        elif ascii_part is not None and not within.startswith("[^"):
            wide = ascii_part + _BEYOND_ASCII
            parts.append(wide if within else f"[{wide}]")
        elif token["minimum"] and not within:
            parts.append(_repeat(token["minimum"], token["comma"]))
        else:
            parts.append(token[0])
    return "".join(parts)


def _repeat(minimum: str, comma: str) -> str:
    """Return a count without an upper bound, unless it is exact and short."""
    least = min(int(minimum), _MAX_COUNT_LENGTH)
    if not comma and int(minimum) <= _MAX_COUNT_LENGTH:
        return f"{{{minimum}}}"
    return {0: "*", 1: "+"}.get(least, f"{{{least},}}")
