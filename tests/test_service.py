import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from meterd.access import Scope
from meterd.data_directory import lock_directory, open_metadata
from meterd.errors import ConfigurationError
from meterd.first_token import first_token
from meterd.ingest.journal import JournalReader
from meterd.service import Service
from meterd.settings import Settings, load
from meterd.store import DuckDBStore

INGEST = "/api/svc/v1/llm-gateway/metrics/ingest?datasource=guardrailMetrics"
EVENT = {
    "attributes": {"agent_id": "demo", "platform": "DATABRICKS"},
    "meter": {"name": "ai_guard.agent", "value": "120"},
}


@contextlib.asynccontextmanager
async def opened(data: Path, settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """A service on `data`, and a client of it without a network between them."""
    service = Service(settings, data)
    try:
        token = service.tokens.create("root", tenant_admin=True, scopes=tuple(Scope)).token
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(service.application),  # type: ignore[arg-type]  # ASGI as Litestar types it
            base_url="http://meterd",
            headers={"Authorization": f"Bearer {token}"},
        ) as client:
            yield client
    finally:
        service.close()


async def test_everything_that_was_accepted_is_in_the_store_when_it_is_closed(tmp_path: Path) -> None:
    async with opened(tmp_path, load(None, {})) as client:
        assert (await client.post(INGEST, json=[{}, {}])).status_code == 200
        assert (await client.post("/metric", json=EVENT)).status_code == 200

    with contextlib.closing(JournalReader(tmp_path / "journal.sqlite")) as journal:
        assert journal.read(0, 1) == []
    assert not (tmp_path / "store.duckdb.wal").exists()
    with contextlib.closing(DuckDBStore(tmp_path / "store.duckdb")) as store:
        assert store.select("SELECT count(*) FROM guardrail_evaluations", (), 30) == [(2,)]
        assert store.select("SELECT count(*) FROM meter_events", (), 30) == [(1,)]


async def test_a_closed_service_can_be_opened_again(tmp_path: Path) -> None:
    for _ in range(2):
        async with opened(tmp_path, load(None, {})) as client:
            assert (await client.get("/readyz")).status_code == 200
            assert (await client.post(INGEST, json={"traceId": "t", "spanId": "s"})).status_code == 200

    with contextlib.closing(DuckDBStore(tmp_path / "store.duckdb")) as store:
        assert store.select("SELECT count(*) FROM guardrail_evaluations", (), 30) == [(1,)]


@pytest.mark.parametrize("name", ["data", "a#b", "100%25", "it's", 'quo"te', "md:x", "file:x"])
async def test_everything_it_keeps_is_under_its_directory(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    for _ in range(2):
        async with opened(Path(name), load(None, {})) as client:
            assert (await client.post(INGEST, json={})).status_code == 200

    assert names_in(tmp_path) == {name}
    assert {"directory.sqlite", "journal.sqlite", "store.duckdb"} <= names_in(tmp_path / name)


def names_in(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


@pytest.mark.parametrize(
    ("settings", "status", "message"),
    [
        (Settings(), 400, "Metrics not permitted"),
        (load(None, {"METERD_INGEST__MAX_EVENT_BYTES": "10"}), 400, "larger than 10 bytes"),
        (load(None, {"METERD_INGEST__DISK_RESERVE_BYTES": str(2**62)}), 503, "disk-reserve-bytes"),
    ],
)
async def test_settings_reach_where_they_count(tmp_path: Path, settings: Settings, status: int, message: str) -> None:
    async with opened(tmp_path, settings) as client:
        answer = await client.post("/metric", json=EVENT)

    assert status == answer.status_code
    assert message in answer.json()["message"]


async def test_a_refusal_of_the_moment_says_when_to_come_back(tmp_path: Path) -> None:
    async with opened(tmp_path, load(None, {"METERD_INGEST__DISK_RESERVE_BYTES": str(2**62)})) as client:
        answers = [await client.post(INGEST, json={}), await client.get("/readyz"), await client.get("/health")]

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert [answer for answer in answers if int(answer.headers["retry-after"]) < 1] == []


async def test_the_settings_of_an_allowed_attribute_make_it_a_field(tmp_path: Path) -> None:
    settings = load(None, {"METERD_METRICS__ALLOWED_ATTRIBUTES": "[region]"})
    body: dict[str, Any] = EVENT | {"attributes": EVENT["attributes"] | {"region": "eu"}}

    async with opened(tmp_path / "on", settings) as client:
        assert (await client.post("/metric", json=body)).status_code == 200
    async with opened(tmp_path / "off", load(None, {})) as client:
        assert (await client.post("/metric", json=body)).status_code == 400


def test_a_directory_that_is_held_can_not_be_served(tmp_path: Path) -> None:
    with lock_directory(tmp_path), pytest.raises(ConfigurationError, match="another meterd"):
        Service(load(None, {}), tmp_path)


def test_a_directory_gets_a_first_token_once(tmp_path: Path) -> None:
    metadata = open_metadata(tmp_path)
    try:
        token = first_token(metadata.tokens)
        assert token is not None
        assert first_token(metadata.tokens) is None
        (made,) = metadata.tokens.all()
        assert made.tenant_admin
        assert set(Scope) == set(made.scopes)
    finally:
        metadata.close()
