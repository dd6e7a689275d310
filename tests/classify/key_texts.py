"""Private keys as texts really hold them: escaped, quoted, marked up, numbered, put into programs, cut off.

The keys are drawn, never real.
"""

import random
import string
from collections.abc import Callable

_BASE64 = string.ascii_letters + string.digits + "+/"
Written = Callable[[list[str]], str]
"""The lines of a key file as they stand in some text."""


def drawn(length: int, seed: int = 1) -> str:
    """Base64 that looks like a key's."""
    return "MII" + "".join(random.Random(seed).choices(_BASE64, k=length - 3))


def lines_of(body: str, width: int = 64) -> list[str]:
    return [body[start : start + width] for start in range(0, len(body), width)]


def armoured(label: str, length: int = 1_624, *headers: str, seed: int = 1) -> list[str]:
    """The lines of a block in PEM; of PGP's too, but for its checksum."""
    return [f"-----BEGIN {label}-----", *headers, *lines_of(drawn(length, seed)), f"-----END {label}-----"]


PUTTY = [
    "PuTTY-User-Key-File-3: ssh-rsa",
    "Encryption: none",
    "Comment: rsa-key-20260921",
    "Public-Lines: 6",
    *lines_of(drawn(372, 5)),
    "Private-Lines: 14",
    *lines_of(drawn(820, 6)),
    f"Private-MAC: {'0a' * 32}",
]


def secret_lines(lines: list[str]) -> list[str]:
    return [line for line in lines if line and "-----" not in line and ":" not in line]


WRITTEN: dict[str, Written] = {
    "plain": "\n".join,
    "windows": "\r\n".join,
    "escaped": "\\n".join,
    "escaped windows": "\\r\\n".join,
    "escaped twice": "\\\\n".join,
    "escaped as unicode": "\\u000a".join,
    "in json": lambda lines: '{"type": "service_account", "private_key": "' + "\\n".join(lines) + '\\n", "a": 1}',
    "in json in json": lambda lines: '{"body": "{\\"key\\": \\"' + "\\\\n".join(lines) + '\\\\n\\"}"}',
    "in the environment": lambda lines: 'PRIVATE_KEY="' + "\\n".join(lines) + '"',
    "quoted mail": lambda lines: "\n".join("> " + line for line in lines),
    "quoted mail twice": lambda lines: "\n".join(">> " + line for line in lines),
    "indented": lambda lines: "key: |\n" + "\n".join("      " + line for line in lines),
    "commented": lambda lines: "\n".join("# " + line for line in lines),
    "commented out": lambda lines: "\n".join("// " + line for line in lines),
    "in a comment": lambda lines: "/*\n" + "\n".join(" * " + line for line in lines) + "\n */",
    "breaks of html": "<br>".join,
    "breaks of xhtml": "<br />\n".join,
    "paragraphs": lambda lines: "".join(f"<p>{line}</p>\n" for line in lines),
    "entities": "&#10;".join,
    "percent": "%0A".join,
    "python": lambda lines: "(\n" + "\n".join(f'  "{line}\\n"' for line in lines) + "\n)",
    "java": lambda lines: " +\n  ".join(f'"{line}\\n"' for line in lines) + ";",
    "php": lambda lines: " .\n  ".join(f"'{line}'" for line in lines) + ";",
    "array": lambda lines: "[" + ", ".join(f'"{line}"' for line in lines) + "].join()",
    "numbered": lambda lines: "\n".join(f"{number:4}  {line}" for number, line in enumerate(lines, 1)),
    "found by grep": lambda lines: "\n".join(f"{number}:{line}" for number, line in enumerate(lines, 1)),
    "table": lambda lines: "\n".join(f"| {line} |" for line in lines),
    "removed": lambda lines: "\n".join("-" + line for line in lines),
    "added": lambda lines: "\n".join("+" + line for line in lines),
    "one line": " ".join,
    "nothing between": "".join,
    "logged": lambda lines: "\n".join(f"2026-09-21T14:13:20.123Z INFO [main] app: {line}" for line in lines),
}

CUT_OFF: dict[str, Written] = {name: written for name, written in WRITTEN.items() if name != "logged"}
"""What is between the lines of a log could be any text, so a key in it ends where its own end says so."""
