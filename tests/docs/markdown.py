"""What the tests read of a Markdown page: fenced blocks, tables, links and headings."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "README.md",
    *(page for place in ("*.md", "tutorials/*.md") for page in sorted((ROOT / "docs").glob(place))),
)

_FENCE = re.compile(r"^```(\w*)$")
_NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$")
_HEADING = re.compile(r"^(#{1,6}) (.+)$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block; `not_run` is the reason in the comment directly above it, `section` the heading it is under."""

    page: Path
    line: int
    section: str
    language: str
    text: str
    not_run: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every Markdown file of the project."""
    return [
        path
        for path in sorted(ROOT.rglob("*.md"))
        if not any(part.startswith(".") or part == "node_modules" for part in path.relative_to(ROOT).parts)
    ]


def blocks(page: Path) -> list[Block]:
    """Fenced blocks in order."""
    found: list[Block] = []
    section, above = "", ""
    opened: tuple[int, str, str] | None = None
    inside: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if opened:
            if line == "```":
                start, language, comment = opened
                reason = _NOT_RUN.match(comment)
                found.append(
                    Block(page, start, section, language, "\n".join(inside) + "\n", reason[1] if reason else "")
                )
                opened, inside = None, []
            else:
                inside.append(line)
        elif fence := _FENCE.match(line):
            opened = (number, fence[1], above)
        elif heading := _HEADING.match(line):
            section = heading[2]
        above = line
    assert opened is None, f"{page.name}: the block in line {opened and opened[0]} has no end"
    return found


def prose(page: Path) -> list[str]:
    """The lines outside of fenced blocks."""
    lines: list[str] = []
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            lines.append(line)
    return lines


def tables(page: Path, section: str = "") -> list[list[dict[str, str]]]:
    """Tables, each a list of rows by column heading; with `section` only those directly under that heading."""
    found: list[list[dict[str, str]]] = []
    names: list[str] = []
    current = ""
    for line in prose(page):
        if heading := _HEADING.match(line):
            current = heading[2]
        if not line.startswith("|"):
            names = []
        elif section in ("", current):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not names:
                names = cells
                found.append([])
            elif set("".join(cells)) != {"-", " "} and set("".join(cells)) != {"-"}:
                found[-1].append(dict(zip(names, cells, strict=True)))
    return found


def code(cell: str) -> str:
    """The text of a cell that is one piece of code, otherwise nothing."""
    match = re.fullmatch(r"`([^`]+)`", cell)
    return match[1] if match else ""


def links(page: Path) -> list[str]:
    """Targets of inline links, outside of code."""
    return [target for line in prose(page) for target in _LINK.findall(re.sub(r"`[^`]*`", "", line))]


def anchors(page: Path) -> set[str]:
    """What may follow `#` in a link to the page: its headings in small letters, with dashes for blanks."""
    headings = (match[2] for line in prose(page) if (match := _HEADING.match(line)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
