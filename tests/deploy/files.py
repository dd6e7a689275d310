"""What the tests read of the files in deploy/: instructions of the Containerfile, documents of YAML, the unit."""

import configparser
import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CONTAINERFILE = DEPLOY / "Containerfile"
UNIT = DEPLOY / "meterd.service"
COMPOSE = sorted(DEPLOY.rglob("compose.yaml"))
KUSTOMIZATIONS = sorted(DEPLOY.rglob("kustomization.yaml"))
SETTINGS = sorted(DEPLOY.rglob("meterd.yaml"))


class Instruction(NamedTuple):
    """One of the Containerfile's, with lines that go on joined."""

    name: str
    text: str


def instructions() -> list[Instruction]:
    """Those of all stages, in order."""
    lines = (line for line in CONTAINERFILE.read_text().splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line]


def image() -> dict[str, str]:
    """The last stage's instructions of which there is one each."""
    found = instructions()
    start = max(number for number, each in enumerate(found) if each.name == "FROM")
    return {each.name: each.text for each in found[start:]}


def image_environment() -> dict[str, str]:
    """The variables of the image."""
    return dict(pair.split("=", 1) for pair in image()["ENV"].split())


def document(path: Path) -> dict[str, Any]:
    """The one document of a file."""
    read: dict[str, Any] = yaml.safe_load(path.read_text())
    return read


def services(compose: Path) -> dict[str, dict[str, Any]]:
    """The services of a Compose file that run our image."""
    found: dict[str, dict[str, Any]] = document(compose)["services"]
    return {name: each for name, each in found.items() if each["image"].startswith("meterd:")}


def resources(kustomization: Path) -> list[dict[str, Any]]:
    """What a kustomization applies, as it is written."""
    return [
        each
        for name in document(kustomization)["resources"]
        for each in yaml.safe_load_all((kustomization.parent / name).read_text())
    ]


def stateful_set(kustomization: Path) -> dict[str, Any]:
    """The one that runs meterd."""
    (found,) = (each for each in resources(kustomization) if each["kind"] == "StatefulSet")
    return found


def unit() -> configparser.ConfigParser:
    """The unit for systemd, in which a key may be there twice."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys have capitals
    parser.read(UNIT)
    return parser
