"""The package says what it needs, brings what it serves, and its words about installing are true."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatch_build import ECHARTS_FILES, ECHARTS_FOLDER, FILES, FOLDER

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CLIENT = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text())["project"]
PLACES = {
    "azure": {"collect"},
    "chdb": {"store"},
    "clickhouse": {"store"},
    "postgres": {"metadata"},
    "presidio": {"classify"},
}
"""Which packages of ours may import what an extra names."""
FRAMES = {"pandas", "polars"}
"""A result becomes a frame of what its caller has installed."""
GROWN = {"compression"}
"""Modules of the standard library of a newer Python."""


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", each)[0].lower().replace("_", "-") for each in requirements}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def test_what_is_imported_is_declared() -> None:
    installed = packages_distributions()
    known = sys.stdlib_module_names | GROWN | {"meterd"}
    for path in sorted((ROOT / "src" / "meterd").rglob("*.py")):
        place = path.relative_to(ROOT / "src" / "meterd").parts[0]
        project = CLIENT if place == "client" else PROJECT
        extras = [PROJECT["optional-dependencies"][extra] for extra, places in PLACES.items() if place in places]
        declared = names([*project["dependencies"], *(each for extra in extras for each in extra)])
        for module in set(imports(path)) - known - (FRAMES if place == "client" else set()):
            carriers = {name.lower().replace("_", "-") for name in installed.get(module, [module])}
            assert carriers & declared or module.replace("_", "-") in declared, f"{path}: {module} is not declared"


@pytest.mark.parametrize("extra", sorted(PLACES))
def test_advice_to_install_names_the_packages_of_the_extra(extra: str) -> None:
    text = "".join(path.read_text() for path in (ROOT / "src" / "meterd").rglob("*.py"))
    assert names(PROJECT["optional-dependencies"][extra]) in [
        set(advice.split()) for advice in re.findall(r"pip install ((?:[\w-]+ ?)+)", text)
    ]


def brought() -> set[str]:
    """What the service serves and is no Python of ours, as its wheel names it."""
    folders = [(FOLDER, FILES), (ECHARTS_FOLDER, ECHARTS_FILES), ("src/meterd/web/assets", ("icon.svg", "style.css"))]
    return {f"{folder.removeprefix('src/')}/{name}" for folder, files in folders for name in files}
