from pathlib import Path

import pytest

from meterd.errors import ConfigurationError
from meterd.store.addresses import Embedded, Server, parse_url


@pytest.mark.parametrize("url", ["duckdb:", "duckdb"])
def test_facts_are_in_a_file_of_duckdb_unless_the_url_says_otherwise(url: str) -> None:
    assert parse_url(url) is None


def test_the_engine_of_clickhouse_may_be_in_this_process() -> None:
    assert parse_url("chdb:///var/lib/a%20b") == Embedded(Path("/var/lib/a b"))


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("clickhouse://me@db:8443/facts?secure=1", Server("db", 8443, "me", "facts", is_secure=True)),
        ("clickhouse://db", Server("db", 8123, "default", "meterd", is_secure=False)),
        ("clickhouse://db:8443", Server("db", 8443, "default", "meterd", is_secure=True)),
        ("clickhouse://db?secure=1&verify=0", Server("db", 8443, "default", "meterd", True, is_verified=False)),
        ("clickhouse://a%40b@[::1]:9/x", Server("::1", 9, "a@b", "x", is_secure=False)),
    ],
)
def test_a_server_is_named_with_what_is_usual_where_nothing_is_said(url: str, server: Server) -> None:
    assert parse_url(url) == server


def test_a_server_may_have_a_certificate_of_an_authority_of_one_s_own(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    url = f"clickhouse://db?secure=1&ca={tmp_path}/ca.pem"

    assert parse_url(url) == Server("db", 8443, "default", "meterd", True, authorities=f"{tmp_path}/ca.pem")


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("clickhouse://me:secret@db/x", "must not hold a password"),
        ("clickhouse:///x", "names no host"),
        ("clickhouse://db/a-b", "letters, digits and underscores"),
        ("clickhouse://db/x?secure=yes", "each 0 or 1"),
        ("clickhouse://db/x?user=me", "secure and verify"),
        ("clickhouse://db/x?ca=/nothing/like/it", "is not there"),
        ("clickhouse://db:port/x", "is no address"),
        ("chdb://", "names no directory"),
        ("chdb://host/x", "names no directory"),
        ("postgresql://db/x", "no engine that is known"),
        ("", "no engine that is known"),
    ],
)
def test_an_url_that_can_t_be_used_is_refused_with_what_is_wrong(url: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=r"store\.url") as refused:
        parse_url(url)

    assert what in refused.value.message
    assert "secret" not in refused.value.message
