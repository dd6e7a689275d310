"""Metadata in either database."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from meterd.metadata.sql import open_sql_metadata
from meterd.metadata.sql.metadata import SQLMetadata
from meterd.settings import Directory
from tests import postgresql


class Place:
    """Where metadata are: a file, or a PostgreSQL. What was opened is closed after the test."""

    NOWHERE: ClassVar = Path("/nowhere/directory.sqlite")

    def __init__(self, path: Path, settings: Directory) -> None:
        self.path = path
        self.settings = settings
        self._opened: list[SQLMetadata] = []

    def open(self) -> SQLMetadata:
        """Open them, as another process would."""
        metadata = open_sql_metadata(self.path, self.settings)
        self._opened.append(metadata)
        return metadata

    def close(self) -> None:
        for metadata in self._opened:
            metadata.close()


def place_of(database: str, path: Path) -> Place:
    path.mkdir(exist_ok=True)
    settings = Directory(url=postgresql.database()) if database == "postgresql" else Directory()
    return Place(path / "directory.sqlite", settings)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    place = place_of(request.param, tmp_path)
    yield place
    place.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Place]:
    """Where metadata are in a file."""
    place = place_of("sqlite", tmp_path)
    yield place
    place.close()


@pytest.fixture
def shared_place(tmp_path: Path) -> Iterator[Place]:
    """Where nodes share metadata."""
    place = place_of("postgresql", tmp_path)
    yield place
    place.close()
