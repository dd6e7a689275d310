"""The package says what it needs, brings what it serves, and its words about installing are true."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatch_build import ECHARTS_FILES, ECHARTS_FOLDER, FILES, FOLDER

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PLACES = {"azure": {"collect"}, "presidio": {"classify"}}
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
        extras = [PROJECT["optional-dependencies"][extra] for extra, places in PLACES.items() if place in places]
        declared = names([*PROJECT["dependencies"], *(each for extra in extras for each in extra)])
        for module in set(imports(path)) - known - (FRAMES if place == "client" else set()):
            carriers = {name.lower().replace("_", "-") for name in installed.get(module, [module])}
            assert carriers & declared or module.replace("_", "-") in declared, f"{path}: {module} is not declared"


@pytest.mark.parametrize("extra", sorted(PLACES))
def test_advice_to_install_names_the_packages_of_the_extra(extra: str) -> None:
    text = "".join(path.read_text() for path in (ROOT / "src" / "meterd").rglob("*.py"))
    assert names(PROJECT["optional-dependencies"][extra]) in [
        set(advice.split()) for advice in re.findall(r"pip install ((?:[\w-]+ ?)+)", text)
    ]


def test_a_wheel_brings_what_it_serves(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        found = set(archive.namelist())
        (metadata,) = (name for name in found if name.endswith("/METADATA"))
        needs = names(re.findall(r"^Requires-Dist: (.+)$", archive.read(metadata).decode(), re.MULTILINE))
    brought = [(FOLDER, FILES), (ECHARTS_FOLDER, ECHARTS_FILES), ("src/meterd/web/assets", ("icon.svg", "style.css"))]
    assets = {f"{folder.removeprefix('src/')}/{name}" for folder, names_ in brought for name in names_}
    assert assets | {"meterd/py.typed", "meterd/metadata/sql/migrations/env.py"} <= found
    assert {"duckdb", "uvicorn"} <= needs
    assert not needs & {"flask", "flask-swagger-ui", "websockets", "watchfiles", "phonenumbers"}
