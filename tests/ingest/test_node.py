import sqlite3
from contextlib import closing
from pathlib import Path

from meterd.ingest.journal import Journal
from meterd.ingest.node import Node

DAY = 86_400.0


def node_of(path: Path, name: str | None = None) -> Node:
    """Of a start of the service on a journal."""
    with closing(Journal(path, DAY, name=name)) as journal:
        return journal.node


def test_a_node_without_a_name_is_given_one_that_it_keeps(tmp_path: Path) -> None:
    made = node_of(tmp_path / "a.sqlite")

    assert made.id.startswith("node-")
    assert made == node_of(tmp_path / "a.sqlite")
    assert made.id != node_of(tmp_path / "b.sqlite").id


def test_another_name_is_kept_and_changes_nothing_else(tmp_path: Path) -> None:
    before = node_of(tmp_path / "a.sqlite")
    named = node_of(tmp_path / "a.sqlite", "east-1")

    assert Node("east-1", before.journal) == named
    assert named == node_of(tmp_path / "a.sqlite")


def test_two_nodes_of_one_name_have_journals_that_can_be_told_apart(tmp_path: Path) -> None:
    journals = {node_of(tmp_path / f"{each}.sqlite", "east-1").journal for each in "abc"}

    assert 3 == len(journals)
    assert {32} == {len(bytes.fromhex(each)) * 2 for each in journals}


def test_the_journal_of_an_earlier_version_becomes_a_nodes(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    node_of(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE node")

    assert node_of(path, "east-1") == node_of(path)
