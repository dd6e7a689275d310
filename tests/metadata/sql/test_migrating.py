"""Revisions of the tables, in either database."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from meterd.errors import ConfigurationError
from meterd.metadata.sql import migrations, open_sql_metadata
from meterd.metadata.sql.migrating import REVISION
from meterd.metadata.sql.tables import Base
from meterd.settings import Directory
from tests import postgresql
from tests.metadata.sql.conftest import Place


@contextmanager
def connected(place: Place) -> Iterator[Connection]:
    url = place.settings.url
    address = url.replace("://", "+psycopg://") if url.startswith("postgresql") else f"sqlite:///{place.path}"
    engine = create_engine(address)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def test_revisions_lead_to_the_tables_as_they_are_declared(place: Place) -> None:
    place.open()

    with connected(place) as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert [] == compare_metadata(context, Base.metadata)


def test_revisions_are_complete_in_a_new_directory(place: Place) -> None:
    place.open()

    (scripts,) = migrations.__path__
    with connected(place) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    assert ScriptDirectory(scripts).get_current_head() == current == REVISION


def test_revisions_are_not_run_again(place: Place) -> None:
    made = place.open().tokens.create("alice")

    assert [made.id] == [each.id for each in place.open().tokens.all()]


def test_an_earlier_versions_progress_of_sessions_is_kept(file: Place) -> None:
    metadata = file.open()
    metadata.sessions.save([], 7)
    metadata.close()
    with closing(sqlite3.connect(file.path)) as connection, connection:
        connection.execute("DROP TABLE session_progress")
        connection.execute("CREATE TABLE session_progress (position BIGINT NOT NULL PRIMARY KEY)")
        connection.execute("INSERT INTO session_progress VALUES (7)")
        connection.execute("UPDATE alembic_version SET version_num = '0009'")

    assert 7 == file.open().sessions.progress()


def test_a_file_of_a_newer_version_is_refused(file: Place) -> None:
    file.open()
    with closing(sqlite3.connect(file.path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigurationError, match="newer version of meterd"):
        file.open()


def test_what_nodes_share_may_be_newer_as_they_are_replaced_one_by_one(shared_place: Place) -> None:
    shared_place.open()
    with closing(postgresql.administrator(shared_place.settings.url)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    assert shared_place.open().tokens.create("alice").token


def test_nodes_that_start_at_once_make_the_tables_once() -> None:
    settings = Directory(url=postgresql.blank_database())

    def start(number: int) -> str:
        with closing(open_sql_metadata(Place.NOWHERE, settings)) as metadata:
            metadata.tokens.create(f"of-{number}")
            return metadata.claim(f"installation-{number}").installation

    with ThreadPoolExecutor(5) as threads:
        installations = set(threads.map(start, range(5)))

    assert 1 == len(installations)
    with closing(open_sql_metadata(Place.NOWHERE, settings)) as metadata:
        assert 5 == len(metadata.tokens.all())
