import contextlib
import sys
from pathlib import Path

import pytest

from meterd.errors import ConfigurationError
from meterd.settings import Settings, Store, describe
from meterd.store import DuckDBStore
from meterd.store.opening import check_store, open_store

SERVER = "clickhouse://127.0.0.1:1/meterd"


def refusal(directory: Path, **settings: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        open_store(directory / "store.duckdb", directory / "store.sqlite", Settings(store=Store(**settings)))  # type: ignore[arg-type]
    return refused.value.message


def test_a_file_of_duckdb_is_opened_unless_the_settings_name_another_engine(tmp_path: Path) -> None:
    with contextlib.closing(open_store(tmp_path / "store.duckdb", tmp_path / "store.sqlite", Settings())) as store:
        assert isinstance(store, DuckDBStore)
    assert not (tmp_path / "store.sqlite").exists()


@pytest.mark.parametrize("setting", ["cluster", "password", "password_file"])
def test_what_is_for_clickhouse_only_is_refused_without_it(tmp_path: Path, setting: str) -> None:
    assert "are for ClickHouse only" in refusal(tmp_path, **{setting: "x"})
    with pytest.raises(ConfigurationError, match="are for ClickHouse only"):
        check_store(Settings(store=Store(**{setting: "x"})))  # type: ignore[arg-type]


def test_settings_are_checked_without_opening_the_store_that_a_start_opens_anyway() -> None:
    check_store(Settings(store=Store(memory="1KB")))  # which that one refuses
    with pytest.raises(ConfigurationError, match=r"store\.password-file"):
        check_store(Settings(store=Store(url=SERVER, password_file="/nothing/like/it")))


def test_a_cluster_needs_a_server(tmp_path: Path) -> None:
    assert "store.cluster needs a ClickHouse server" in refusal(tmp_path, url="chdb:///tmp/x", cluster="blue")


def test_a_password_is_in_one_place(tmp_path: Path) -> None:
    assert "not both" in refusal(tmp_path, url=SERVER, password="a", password_file="b")


def test_a_file_of_a_password_that_can_t_be_read_stops_the_start(tmp_path: Path) -> None:
    assert "can't read store.password-file" in refusal(tmp_path, url=SERVER, password_file=str(tmp_path / "none"))


def test_a_password_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    settings = Settings(store=Store(url=SERVER, password_file=str(tmp_path / "password")))
    with contextlib.closing(open_store(tmp_path / "store.duckdb", tmp_path / "store.sqlite", settings)) as store:
        assert store.is_remote
        assert store.dialect == "clickhouse"


@pytest.mark.parametrize(
    ("url", "packages"),
    [(SERVER, "pip install clickhouse-connect"), ("chdb:///tmp/x", "pip install clickhouse-connect chdb-core")],
)
def test_without_its_driver_the_packages_to_install_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, packages: str
) -> None:
    monkeypatch.setitem(sys.modules, "meterd.store.clickhouse.store", None)

    assert refusal(tmp_path, url=url).endswith(packages)


def test_a_password_is_never_shown() -> None:
    assert "secret" not in describe(Settings(store=Store(url=SERVER, password="secret")))
