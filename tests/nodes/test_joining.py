"""Which data directories may share a PostgreSQL, and commands beside the nodes."""

import json
import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from meterd.errors import ConfigurationError
from meterd.installation import File
from meterd.metadata.sql import open_sql_metadata, read_shared_stamp
from meterd.metadata.sql.stamp import read_stamp
from meterd.service import Service
from meterd.settings import Directory, Settings
from tests import postgresql
from tests.process import run_command


@pytest.fixture
def directory() -> Directory:
    return Directory(url=postgresql.database())


def started(data: Path, directory: Directory | None = None, accepted: tuple[File, ...] = ()) -> str:
    """Start and stop a node; returns which installation it is of."""
    data.mkdir(exist_ok=True)
    Service(Settings(directory=directory or Directory()), data, accepted).close()
    stamp = read_shared_stamp(directory) if directory else read_stamp(data / File.METADATA.file_name)
    assert stamp is not None
    return stamp.installation


def test_nodes_with_new_data_directories_join_the_installation(tmp_path: Path, directory: Directory) -> None:
    first = started(tmp_path / "one", directory)

    assert {first} == {started(tmp_path / name, directory) for name in ("other", "one", "other")}
    assert not (tmp_path / "one" / "directory.sqlite").exists()
    stamp = read_shared_stamp(directory)
    assert stamp is not None
    assert first == stamp.installation


def test_a_data_directory_of_another_installation_is_refused_whatever_loss_is_accepted(
    tmp_path: Path, directory: Directory
) -> None:
    started(tmp_path / "one", directory)
    started(tmp_path / "other", Directory(url=postgresql.database()))

    with pytest.raises(ConfigurationError, match=r"directory\.url names is of another installation"):
        started(tmp_path / "other", directory, tuple(File))


def test_a_node_that_had_its_directory_in_a_file_goes_on_without_it_only_when_told(
    tmp_path: Path, directory: Directory
) -> None:
    installation = started(tmp_path / "one")

    with pytest.raises(ConfigurationError, match=r"has none of it.*--accept-loss directory"):
        started(tmp_path / "one", directory)
    assert read_shared_stamp(directory) is None, "a refused start changes nothing"

    assert (
        installation == started(tmp_path / "one", directory, (File.METADATA,)) == started(tmp_path / "one", directory)
    )
    assert (tmp_path / "one" / "directory.sqlite").exists(), "what was there is not touched"


def test_tables_are_not_what_makes_a_postgresql_somebodys(tmp_path: Path) -> None:
    assert read_shared_stamp(Directory(url=postgresql.blank_database())) is None


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return os.environ | {"METERD_DIRECTORY__URL": postgresql.database()}


class TestCommands:
    def run(self, environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
        return run_command(*arguments, environment=environment)

    def test_tokens_are_made_listed_and_revoked_without_a_data_directory(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        nowhere = ("--data", str(tmp_path / "nowhere"))
        made = json.loads(self.run(environment, "token", "create", "--subject", "ann", "--json", *nowhere).stdout)
        listed = json.loads(self.run(environment, "token", "list", "--json", *nowhere).stdout)
        revoked = self.run(environment, "token", "revoke", made["id"], *nowhere)

        assert [made["id"]] == [each["id"] for each in listed]
        assert (0, f"token {made['id']} is revoked\n") == (revoked.returncode, revoked.stdout)
        with closing(open_sql_metadata(Path(), Directory(url=environment["METERD_DIRECTORY__URL"]))) as metadata:
            assert [True] == [each.revoked_at is not None for each in metadata.tokens.all()]
        assert not (tmp_path / "nowhere").exists()

    def test_a_settings_file_says_where_tokens_are(self, environment: dict[str, str], tmp_path: Path) -> None:
        config = tmp_path / "meterd.yaml"
        config.write_text("directory: {url: '${DIRECTORY}'}\n")
        plain = {name: value for name, value in environment.items() if not name.startswith("METERD_")}
        plain["DIRECTORY"] = environment["METERD_DIRECTORY__URL"]
        made = self.run(plain, "sign-in", "--subject", "ann", "--json", "--config", str(config))

        assert made.returncode == 0, made.stderr
        assert json.loads(made.stdout)["link"]

    def test_an_unreachable_postgresql_is_a_sentence_without_the_password(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        broken = environment | {"METERD_DIRECTORY__URL": "postgresql://meterd:secret@127.0.0.1:1/meterd"}
        refused = self.run(broken, "token", "list")

        assert (1, "") == (refused.returncode, refused.stdout)
        assert refused.stderr.startswith("meterd: can't open the directory postgresql://127.0.0.1/meterd: ")
        assert "secret" not in refused.stderr

    def test_settings_are_checked_and_shown_without_the_password_and_nobody_is_asked(
        self, environment: dict[str, str]
    ) -> None:
        url = "postgresql://meterd:secret@127.0.0.1:1/meterd"
        shown = self.run(environment | {"METERD_DIRECTORY__URL": url}, "check-config")

        assert shown.returncode == 0, shown.stderr
        assert "url: postgresql://***@127.0.0.1:1/meterd" in shown.stdout
        assert "secret" not in shown.stdout + shown.stderr

    def test_the_doctor_looks_whose_the_directory_is(self, environment: dict[str, str], tmp_path: Path) -> None:
        started(tmp_path / "one", Directory(url=environment["METERD_DIRECTORY__URL"]))
        started(tmp_path / "other", Directory(url=postgresql.database()))
        own = self.run(environment, "doctor", "--data", str(tmp_path / "one"))
        others = self.run(environment, "doctor", "--data", str(tmp_path / "other"))

        assert (0, False) == (own.returncode, "PROBLEM" in own.stdout), own.stdout
        assert (1, True) == (others.returncode, "of another installation" in others.stdout), others.stdout
