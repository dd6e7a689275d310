"""Each file of deploy/ is what the tool or schema that is made for it takes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.files import COMPOSE, CONTAINERFILE, DEPLOY, KUSTOMIZATIONS, ROOT, UNIT, document

TOOLS = ROOT / ".venv" / "deployment" / "bin"


def run(*command: str | Path) -> str:
    """The output of a tool that must be content."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def tool(name: str) -> Path:
    path = TOOLS / name
    assert path.exists(), "run `make .venv/deployment/.ready` first"
    return path


def test_the_containerfile_follows_the_rules_of_hadolint() -> None:
    assert "" == run(tool("hadolint"), "--failure-threshold", "style", CONTAINERFILE)


def test_compose_files_fit_the_schema_of_compose() -> None:
    assert "ok" in run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", *COMPOSE)


def test_what_kubernetes_applies_fits_its_schema() -> None:
    applied = [each.parent / name for each in KUSTOMIZATIONS for name in document(each)["resources"]]
    assert "" == run(tool("kubernetes-validate"), "--quiet", "--strict", *applied)


def test_yaml_is_written_as_usual() -> None:
    rules = "{extends: default, rules: {line-length: {max: 120}, document-start: disable, comments: disable}}"
    assert "" == run(tool("yamllint"), "--strict", "--config-data", rules, DEPLOY)


def test_haproxy_takes_its_settings() -> None:
    if not shutil.which("haproxy"):
        pytest.skip("needs haproxy")
    run("haproxy", "-c", "-f", DEPLOY / "nodes" / "haproxy.cfg")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a command that is there, as systemd looks for it."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze")
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace("/opt/meterd/bin/meterd", sys.executable))
    return path


def test_systemd_takes_the_unit(unit: Path) -> None:
    said = run("systemd-analyze", "verify", "--man=no", unit)
    assert UNIT.name not in said, said


def test_systemd_finds_the_unit_hardened(unit: Path) -> None:
    run("systemd-analyze", "security", "--offline=yes", "--threshold=20", unit)  # tenths: 2.0 of 10, "OK"
