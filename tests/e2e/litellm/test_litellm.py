"""The published LiteLLM proxy, unmodified, reporting to a running server (`docs/specifications/ingest-sources.md`
section 5).

A scripted workload goes through it once with the generic API callback and once with OpenTelemetry; what meterd then
answers must be what the script did, to the row, the token and the cent.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from meterd.access import Scope
from meterd.client import Client, Filter
from meterd.datasets import DATASETS
from tests import engines
from tests.e2e.litellm.proxy import Proxy, Transport
from tests.e2e.litellm.workload import ANN, LABELS, MARKER, TONE_SECONDS, Exchange, Facts, facts, run, sums, totals
from tests.process import OF_ONE_NODE, Meterd, make_token

SUBJECT = ("createdBySubjectSlug", "createdBySubjectType")
KNOWN_WORD = "mask-email"
"""A guardrail's name, which the journal and the store do hold."""
DATASOURCES = ("modelMetrics", "guardrailMetrics", "agentMetrics")


@dataclass(frozen=True)
class Reported:
    """A workload that is done, and a meterd that has heard of it."""

    transport: Transport
    meterd: Meterd
    exchanges: list[Exchange]
    facts: Facts
    window: tuple[str, str]
    """When it was done, by the clock of this machine: nothing may be dated before or after."""
    proxy_log: str
    places: dict[str, set[str]]
    """Where a word was on disk, while the server ran or after."""

    def totals(self, datasource: str, *keys: str, filters: Sequence[Filter] = ()) -> dict[tuple[Any, ...], int]:
        return {group: row["total"] for group, row in self._rows(datasource, keys, {}, filters).items()}

    def sums(
        self, datasource: str, column: str, *keys: str, filters: Sequence[Filter] = ()
    ) -> dict[tuple[Any, ...], float | None]:
        rows = self._rows(datasource, keys, {column: "sum"}, filters)
        return {group: row[f"sum{column[0].upper()}{column[1:]}"] for group, row in rows.items()}

    def _rows(
        self, datasource: str, keys: tuple[str, ...], aggregations: dict[str, Any], filters: Sequence[Filter]
    ) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Rows by group, asked for with our own client."""
        groups = [part for key in keys for part in (["userEmail", "virtualaccount"] if key == SUBJECT[0] else [key])]
        with Client(self.meterd.url, self.meterd.token) as client:
            found = client.query(datasource, *self.window, group_by=groups, aggregations=aggregations, filters=filters)
        return {tuple(row[key] for key in keys): row for row in found}


@pytest.fixture(scope="module", params=Transport, ids=str)
def reported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reported]:
    """meterd is stopped and started again before it is asked: what it has must be on disk, and only that."""
    transport: Transport = request.param
    folder = tmp_path_factory.mktemp(f"litellm-{transport}")
    meterd = Meterd(folder / "data")
    gateway = make_token(folder / "data", "gateway", scopes=(Scope.INGEST, Scope.INGEST_ANY_SUBJECT))
    with meterd:
        with Proxy(folder / "proxy", transport, meterd.url, gateway.token or "") as proxy:
            start = datetime.now(UTC).isoformat()
            exchanges = run(proxy.url)
            proxy.flush()
        window = (start, datetime.now(UTC).isoformat())
        wait_until_stable(meterd)
        places = {word: files_with(word, folder / "data") for word in (MARKER, ANN.key, KNOWN_WORD)}
    for word in places:
        places[word] |= files_with(word, folder / "data") | tables_with(word, folder / "data")
    with meterd:
        log = (folder / "proxy/log").read_text()
        yield Reported(transport, meterd, exchanges, facts(exchanges, transport), window, log, places)


def wait_until_stable(meterd: Meterd) -> None:
    """Until the counts stay the same for a while; what they are is the tests' matter."""
    seen: list[list[int]] = []
    for _ in range(100):
        seen.append([meterd.points(datasource=datasource)[0]["total"] for datasource in DATASOURCES])
        if len(seen) > 5 and all(counts == seen[-1] for counts in seen[-5:]):
            return
        time.sleep(0.2)
    pytest.fail(f"the counts don't settle: {seen[-5:]}")


def files_with(word: str, folder: Path) -> set[str]:
    """Files that hold a word as bytes, also in what a database has deleted or not yet written to its place."""
    found = set()
    for path in files(folder):
        with suppress(FileNotFoundError):
            if word.encode() in path.read_bytes():
                found.add(path.name)
    return found


def files(folder: Path) -> Iterator[Path]:
    """All files, although a running server also removes some, and folders."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


def tables_with(word: str, folder: Path) -> set[str]:
    """Tables of the journal and the store that hold a word, which their files may hold compressed or split."""
    found = set()
    for path in files(folder):
        head = path.read_bytes()[:16]
        if head.startswith(b"SQLite format 3"):
            with closing(sqlite3.connect(path)) as database:
                found |= {f"{path.name}: {table}" for table, rows in sqlite_rows(database) if word.encode() in rows}
        elif head[8:12] == b"DUCK":
            with duckdb.connect(str(path), read_only=True) as store:
                found |= {f"{path.name}: {table}" for table, rows in duckdb_rows(store) if word.encode() in rows}
    if engines.chosen() == engines.CHDB:
        found |= {f"store: {table}" for table, rows in clickhouse_rows(folder) if word in rows}
    return found


def sqlite_rows(database: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    """Every table with all that is in it."""
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        rows = database.execute(f'SELECT * FROM "{table}"').fetchall()
        yield table, b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)


def clickhouse_rows(folder: Path) -> list[tuple[str, str]]:
    """Every table with all that is in it."""
    tables = " UNION ALL ".join(f"SELECT '{name}', toString(tuple(*)) FROM {name}" for name in DATASETS)
    return [(table, row) for table, row in engines.stored(folder, tables)]


def duckdb_rows(store: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, bytes]]:
    """Every table with all that is in it."""
    for (table,) in store.sql("SELECT table_name FROM duckdb_tables()").fetchall():
        rows = store.sql(f'SELECT to_json("{table}")::VARCHAR FROM "{table}"').fetchall()
        yield table, "\n".join(row for (row,) in rows).encode()


def in_team(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["team"]]


def test_the_proxy_had_nothing_to_complain_about(reported: Reported) -> None:
    for complaint in ("Generic API Logger", "Failed to export", "Exception while exporting"):
        assert complaint not in reported.proxy_log


@pytest.mark.parametrize("keys", [("modelName", "requestType"), SUBJECT], ids=str)
def test_model_calls_tokens_and_costs_are_those_of_the_answers(reported: Reported, keys: tuple[str, ...]) -> None:
    rows = reported.facts.models
    assert totals(rows, *keys) == reported.totals("modelMetrics", *keys)
    for column in ("inputTokens", "outputTokens"):
        assert sums(rows, column, *keys) == reported.sums("modelMetrics", column, *keys)
    assert sums(rows, "costInUSD", *keys) == pytest.approx(reported.sums("modelMetrics", "costInUSD", *keys))


def test_models_have_their_providers_names(reported: Reported) -> None:
    keys = ("modelName", "providerAccountType", "providerModelName")
    assert totals(reported.facts.models, *keys) == reported.totals("modelMetrics", *keys)


def test_model_calls_tokens_and_costs_of_each_team(reported: Reported) -> None:
    rows = in_team(reported.facts.models)
    assert totals(rows, "team") == reported.totals("modelMetrics", "team")
    assert sums(rows, "inputTokens", "team") == reported.sums("modelMetrics", "inputTokens", "team")
    assert sums(rows, "costInUSD", "team") == pytest.approx(reported.sums("modelMetrics", "costInUSD", "team"))


def test_failed_model_calls_have_the_providers_code_and_refused_answers_are_no_failures(reported: Reported) -> None:
    failed = [Filter("isFailure", "EQUAL", True)]
    rows = [row for row in reported.facts.models if row["errorCode"]]
    assert totals(rows, "modelName", "errorCode") == reported.totals(
        "modelMetrics", "modelName", "errorCode", filters=failed
    )


@pytest.mark.parametrize("keys", [("guardrailName", "guardrailResult"), ("guardrailResult",), SUBJECT], ids=str)
def test_each_evaluation_of_a_guardrail_counts_once(reported: Reported, keys: tuple[str, ...]) -> None:
    assert totals(reported.facts.guardrails, *keys) == reported.totals("guardrailMetrics", *keys)


def test_guardrails_are_told_apart_by_what_they_looked_at(reported: Reported) -> None:
    keys = ("guardrailName", "appliedOnEntityScope")
    assert totals(reported.facts.guardrails, *keys) == reported.totals("guardrailMetrics", *keys)


def test_the_time_that_a_guardrail_reports_is_kept_in_milliseconds(reported: Reported) -> None:
    tone = [Filter("guardrailName", "IN", ["tone"])]
    spans = reported.sums("guardrailMetrics", "latencyMs", "guardrailName", filters=tone)
    assert {("tone",): pytest.approx(2 * 1000 * TONE_SECONDS)} == spans


def test_guardrail_evaluations_of_each_team(reported: Reported) -> None:
    assert totals(in_team(reported.facts.guardrails), "team") == reported.totals("guardrailMetrics", "team")


@pytest.mark.parametrize("keys", [("httpStatusCode", "isFailure"), SUBJECT], ids=str)
def test_each_request_counts_once_and_a_block_is_no_failure(reported: Reported, keys: tuple[str, ...]) -> None:
    assert totals(reported.facts.requests, *keys) == reported.totals("agentMetrics", *keys)


@pytest.mark.parametrize("label", LABELS)
def test_rows_have_the_metadata_of_request_header_and_key(reported: Reported, label: str) -> None:
    key = f"metadata.{label}"
    assert totals(reported.facts.requests, key) == reported.totals("agentMetrics", key)
    assert totals(reported.facts.models, key) == reported.totals("modelMetrics", key)
    assert totals(reported.facts.guardrails, key) == reported.totals("guardrailMetrics", key)


def test_requests_of_each_team(reported: Reported) -> None:
    assert totals(in_team(reported.facts.requests), "team") == reported.totals("agentMetrics", "team")


def test_answers_from_the_cache_have_saved_what_they_would_have_cost(reported: Reported) -> None:
    """OpenTelemetry has no facts of the cache."""
    rows = [row for row in reported.facts.models if row["cacheLookupStatus"]]
    keys = ("modelName", "cacheLookupStatus")
    assert totals(rows, *keys) == reported.totals("cacheMetrics", *keys)
    for column in ("costInUSD", "potentialCostSavings", "cacheReadInputTokens"):
        assert sums(rows, column, *keys) == pytest.approx(reported.sums("cacheMetrics", column, *keys))


def test_calls_of_a_session_whose_provider_repeats_its_ids_are_told_apart(reported: Reported) -> None:
    session = [Filter("conversationID", "EQUAL", "s-1")]
    rows = [row for row in reported.facts.models if row["conversationId"]]
    assert totals(rows, "modelName") == reported.totals("modelMetrics", "modelName", filters=session)


@OF_ONE_NODE
def test_no_prompt_no_answer_and_no_key_is_on_disk(reported: Reported) -> None:
    assert set() == reported.places[MARKER] | reported.places[ANN.key]
    for part in ("journal", "store"):
        assert any(place.startswith(part) for place in reported.places[KNOWN_WORD]), "the search finds nothing at all"
