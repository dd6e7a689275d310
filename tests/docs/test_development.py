"""The layout in docs/development.md is that of the package, and the files that the page names are there."""

import itertools
import re

from meterd.failpoints import NAMES
from tests.docs.markdown import ROOT, blocks, code, prose, tables

DEVELOPMENT = ROOT / "docs" / "development.md"
PACKAGE = ROOT / "src" / "meterd"


def names_in(line: str) -> list[str]:
    """Return the files and folders with which a line of the layout begins."""
    return list(itertools.takewhile(re.compile(r"[\w/]+(\.py|/)").fullmatch, line.split()))


def test_the_layout_has_every_module_and_no_other() -> None:
    (layout,) = (block.text for block in blocks(DEVELOPMENT) if block.section == "Layout")
    named = {name for line in layout.splitlines() if line.startswith("  ") for name in names_in(line)}

    modules = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    packages = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")} - {"api/"}
    protocols = {f"api/{path.parent.name}/" for path in PACKAGE.glob("api/*/__init__.py")}
    assert modules | packages | protocols == {name for name in named if name != "metadata/sql/"}
    assert [name for name in named if not (PACKAGE / name).exists()] == []


def test_the_table_of_fail_points_has_each_and_no_other() -> None:
    (table,) = tables(DEVELOPMENT, "Fail points")

    assert tuple(code(row["fail point"]) for row in table) == NAMES


def test_every_file_that_is_named_is_there() -> None:
    named = re.findall(r"`([\w./-]+\.py)`", "\n".join(prose(DEVELOPMENT)))

    homes = (ROOT, PACKAGE, ROOT / "docs", *(path.parent for path in PACKAGE.glob("api/*/__init__.py")))
    assert [name for name in named if not any((home / name).exists() for home in homes)] == []
