"""Links between the pages, from them to files of the project, and from the code to specifications, lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, anchors, links, pages


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page: Path) -> None:
    broken = [target for target in links(page) if not resolves(page, target)]
    assert broken == []


def resolves(page: Path, target: str) -> bool:
    """Whether a link's target exists; addresses elsewhere are taken as they are."""
    if target.startswith(("http://", "https://", "mailto:")):
        return True
    path, _, anchor = target.partition("#")
    file = page.parent / path if path else page
    if not file.exists():
        return False
    return not anchor or (file.suffix == ".md" and anchor in anchors(file))


def test_every_page_and_decision_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / target.partition("#")[0]).resolve() for target in links(index)}
    assert set((ROOT / "docs").rglob("*.md")) - {index} <= listed


CITED = re.compile(r"`([\w./-]*\.md)`(?: sections? (\d+))?")
SPECIFICATIONS = {path.name: path for path in (ROOT / "docs" / "specifications").glob("*.md")}
SOURCES = [path for folder in ("src", "bench", "tests", "docs") for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_cites_specifications_by_their_path_and_sections_that_exist(source: Path) -> None:
    for cited, section in CITED.findall(source.read_text(encoding="utf-8")):
        path = Path(cited)
        if path.name in SPECIFICATIONS and path.parent != Path("docs"):
            assert ROOT / path == SPECIFICATIONS[path.name], f"cite {path.name} as docs/specifications/{path.name}"
            headings = re.findall(r"^#+ (\d+)", SPECIFICATIONS[path.name].read_text(encoding="utf-8"), re.MULTILINE)
            assert not section or section in headings, f"{path.name} has no section {section}"
