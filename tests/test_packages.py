"""Both packages build outside a checkout, share no file, and do what they say where they are installed."""

import os
import subprocess
import sys
import tarfile
import textwrap
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.process import Meterd
from tests.test_packaging import CLIENT, PROJECT, ROOT, brought, names

NEEDED = {"duckdb", "uvicorn", "meterd-client"}
OURS = {"meterd", "meterd-client"}


class Package(NamedTuple):
    """A package that was built from its sdist, in a folder of its own."""

    wheel: Path
    files: set[str]
    needs: set[str]


def built(project: Path, folder: Path) -> Package:
    """Build the sdist of a project, and of that, where nothing else is and no program can be found, the wheel."""
    hatchling = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run([*hatchling, "-t", "sdist"], cwd=project, check=True, capture_output=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        sdist.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.2 has none
        sdist.extractall(folder)
    outside = folder / archive.name.removesuffix(".tar.gz")
    alone = os.environ | {"PATH": str(folder / "nowhere")}
    subprocess.run([*hatchling, "-t", "wheel"], cwd=outside, check=True, capture_output=True, env=alone)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        found = set(files.namelist())
        (metadata,) = (name for name in found if name.endswith("/METADATA"))
        lines = files.read(metadata).decode().splitlines()
    needs = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    return Package(wheel, found, names(needs))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return built(ROOT, tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return built(ROOT / "client", tmp_path_factory.mktemp("client"))


def closure(requirements: list[str]) -> Iterator[str]:
    """The packages that requirements bring along on this machine, without ours."""
    waiting, seen = list(requirements), set()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in OURS or name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        yield name
        waiting += distribution(name).requires or []


def environment(folder: Path, requirements: list[str], *packages: Package) -> Path:
    """The programs of an environment in which pip has installed packages, with what they declare and nothing else."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in closure(requirements):
        link(site, name)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "--disable-pip-version-check"]
    wheels = [str(package.wheel) for package in packages]
    for command in (["install", "--quiet", "--no-index", *wheels], ["check"]):
        done = subprocess.run([*pip, *command], capture_output=True, text=True, timeout=300, check=False)
        assert 0 == done.returncode, done.stdout + done.stderr
    return folder / "bin"


def link(site: Path, name: str) -> None:
    """Let an environment have the files of a package that ours has, and no other file beside them."""
    found = distribution(name)
    for file in found.files or ():
        if ".." not in file.parts:
            place = site / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(Path(str(found.locate_file(file))))


@pytest.fixture(scope="module")
def clean(client: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the client and what it declares, and nothing else."""
    return environment(tmp_path_factory.mktemp("clean"), CLIENT["dependencies"], client) / "python"


def test_the_service_brings_what_it_serves(service: Package) -> None:
    assert brought() | {"meterd/py.typed", "meterd/metadata/sql/migrations/env.py"} <= service.files
    assert NEEDED <= service.needs
    assert not service.needs & {"flask", "flask-swagger-ui", "websockets", "watchfiles", "phonenumbers"}


def test_the_client_has_its_own_files_and_licence(client: Package) -> None:
    sources = (ROOT / "src" / "meterd" / "client").rglob("*.py")
    own = {str(path.relative_to(ROOT / "src")) for path in sources} | {"meterd/version.py", "meterd/client/py.typed"}
    assert own == {name for name in client.files if ".dist-info/" not in name}
    assert any(name.endswith("/licenses/LICENSE") for name in client.files)
    assert (ROOT / "LICENSE").read_text() == (ROOT / "client" / "LICENSE").read_text()


def test_no_file_is_in_both_and_none_is_missing(service: Package, client: Package) -> None:
    assert set() == service.files & client.files
    modules = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src" / "meterd").rglob("*.py")}
    assert modules == {name for name in service.files | client.files if name.endswith(".py")}


def test_the_service_needs_the_client_of_its_own_version() -> None:
    space: dict[str, str] = {}
    exec((ROOT / "src" / "meterd" / "version.py").read_text(), space)
    assert f"meterd-client=={space['__version__']}" in PROJECT["dependencies"]
    for project in (ROOT, ROOT / "client"):
        hatch = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["hatch"]
        assert "src/meterd/version.py" == hatch["version"]["path"]


def test_the_client_works_alone(clean: Path, shared: Meterd) -> None:
    program = """
    import sys
    before = set(sys.modules)
    import meterd.client
    from meterd.client import Client, SessionHandler, log_event, session
    session("alone", "1", wait=60)
    log_event("said")
    with Client() as client:
        client.ingest("guardrailMetrics", {"guardrailName": "alone", "latencyMs": 1})
        client.flush()
        print(client.query("guardrailMetrics", "2026-01-01", "2100-01-01", group_by="guardrailName").rows != [])
    foreign = {name.partition(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names
    print(*sorted(name for name in foreign if not name.startswith("_")))
    print(meterd.client.__file__)
    """
    environment = {"METERD_URL": shared.url, "METERD_TOKEN": shared.token, "PATH": os.environ["PATH"]}
    command = [str(clean), "-I", "-c", textwrap.dedent(program)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert "" == done.stderr
    answered, foreign, place = done.stdout.splitlines()
    allowed = {"meterd", *(name.replace("-", "_") for name in closure(CLIENT["dependencies"]))}
    assert ("True", set()) == (answered, set(foreign.split()) - allowed)
    assert Path(place).is_relative_to(clean.parent.parent)


def test_the_service_works_where_both_are_installed(service: Package, client: Package, tmp_path: Path) -> None:
    declared = [*PROJECT["dependencies"], *CLIENT["dependencies"]]
    programs = environment(tmp_path / "installed", declared, service, client)
    without = {"PYTHONPATH": "", "PYTHONNOUSERSITE": "1"}
    program = "import meterd.service, meterd.client; print(meterd.service.__file__, meterd.client.__file__, sep='\\n')"
    command = [str(programs / "python"), "-c", program]
    outside = os.environ | without
    done = subprocess.run(command, env=outside, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert all(Path(place).is_relative_to(tmp_path / "installed") for place in done.stdout.split())
    with Meterd(tmp_path / "data", environment=without, command=[str(programs / "meterd")]) as meterd:
        for path in ("/sign-in", "/docs", "/readyz"):
            assert 200 == meterd.client.get(path).status_code
        assert 200 == meterd.ingest({"guardrailName": "installed"}).status_code
        assert [1] == [point["total"] for point in meterd.points()]
        assert 0 == meterd.stop()
