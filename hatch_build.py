"""Puts the files of Swagger UI, which the page at `/docs` needs, into the package: wheel, sdist and editable install.

The package that carries them would bring Flask along, so it is needed for building only.
"""

import importlib.util
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "src/meterd/api/operations/swagger-ui"
FILES = ("LICENSE", "favicon-32x32.png", "swagger-ui-bundle.js", "swagger-ui.css")


class SwaggerUI(BuildHookInterface[Any]):
    """Runs before each build; the folder is no part of the repository."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy the files. Fails when neither the package that carries them nor, as in an sdist, they are there."""
        target = Path(self.root, FOLDER)
        if (package := importlib.util.find_spec("flask_swagger_ui")) is not None:  # found, not imported
            assert package.origin is not None
            target.mkdir(exist_ok=True)
            for name in FILES:
                shutil.copyfile(Path(package.origin).parent / "dist" / name, target / name)
        missing = [name for name in FILES if not (target / name).is_file()]
        if missing:
            raise FileNotFoundError(f"{FOLDER} lacks {', '.join(missing)}: install flask-swagger-ui to build meterd")
