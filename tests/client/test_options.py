import inspect
import pickle
import re
from typing import Any

import pytest

import meterd.client
from meterd.client import (
    AsyncClient,
    BufferFull,
    Client,
    InvalidRow,
    MeterdClientError,
    QueryOptions,
    RowsRefused,
    StatusError,
)
from tests.docs.markdown import ROOT


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("METERD_URL", "METERD_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_address_and_token_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERD_URL", "https://meterd.example.org/base")
    monkeypatch.setenv("METERD_TOKEN", "mtr_secret")
    assert repr(Client()) == "Client('https://meterd.example.org/base')"
    assert repr(Client("http://other:1")) == "Client('http://other:1')"


def test_the_default_address_is_the_servers() -> None:
    assert repr(AsyncClient(token="mtr_secret")) == "AsyncClient('http://127.0.0.1:8080')"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]"])
def test_a_server_on_this_machine_may_be_asked_without_a_token(host: str) -> None:
    assert Client(f"http://{host}:8080")._options.token is None


def test_the_token_is_not_shown() -> None:
    client = Client(token="mtr_secret")
    assert "mtr_secret" not in f"{client!r} {client} {client._options!r} {vars(client)!r}"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"token": None, "url": "http://10.0.0.7:8080"}, "there is no token: pass token or set METERD_TOKEN"),
        ({"token": None, "url": "https://localhost.example.org"}, "there is no token: pass token or set METERD_TOKEN"),
        ({"token": "mtr_secret\n"}, "token must be printable ASCII"),
        ({"url": "127.0.0.1:8080"}, "url must look like"),
        ({"url": "ftp://host"}, "url must look like"),
        ({"url": "http://[::"}, "url is not valid"),
        ({"url": "http://user:mtr_secret@host"}, "url must not hold a name or password"),
        ({"timeout": 0}, "timeout must be greater than 0"),
        ({"retry_attempts": 0}, "retry_attempts must be greater than 0"),
        ({"batch_size": -1}, "batch_size must be greater than 0"),
        ({"flush_interval": float("nan")}, "flush_interval must be greater than 0"),
        ({"max_buffered_rows": 999}, "max_buffered_rows must be at least batch_size"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        Client(**({"token": "mtr_x"} | arguments))
    assert "mtr_secret" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        StatusError(503, "busy", 5.0),
        RowsRefused(400, "row 0", "guardrailMetrics", [{"a": 1}], (RowsRefused(400, "row 1", "x", []),)),
        BufferFull("full", 3),
        InvalidRow("row 0", 0),
    ],
)
def test_errors_survive_the_way_between_processes(error: MeterdClientError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy).keys()) == (type(error), str(error), vars(error).keys())


def test_what_is_public_is_documented() -> None:
    page = (ROOT / "docs" / "python-client.md").read_text(encoding="utf-8")
    asked = [*inspect.signature(Client.query).parameters, *QueryOptions.__annotations__]
    names = [*meterd.client.__all__, *inspect.signature(Client).parameters, *asked]
    assert [name for name in names if name not in ("self", "options") and not re.search(rf"\b{name}\b", page)] == []
