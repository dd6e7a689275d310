import asyncio
import itertools
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from meterd.client import AsyncClient, Client, ClientClosed, StatusError
from tests.client.proxy import Proxy, answer, lose_answer, lose_request
from tests.process import Meterd
from tests.waiting import eventually

PROCESSES = "processMetrics"
NEVER = 3600.0
"""A flush interval that no test reaches."""

_numbers = itertools.count()


@pytest.fixture
def name() -> str:
    """Of a process that no other test runs."""
    return f"nightly-{next(_numbers)}"


@pytest.fixture
def client(proxy: Proxy, shared: Meterd) -> Iterator[Client]:
    with Client(proxy.url, shared.token, flush_interval=NEVER) as client:
        yield client
        proxy.always(None)


def runs(meterd: Meterd, name: str, *group_by: str) -> list[dict[str, Any]]:
    """What the server counts of a process."""
    mine = {"fieldName": "name", "operator": "EQUAL", "value": name}
    return meterd.points(datasource=PROCESSES, groupBy=list(group_by), filters=[mine])


def sent(proxy: Proxy) -> dict[str, Any]:
    """The only row that was sent."""
    rows = {line for seen in proxy.seen for line in seen.body.splitlines()}
    (row,) = rows
    decoded: dict[str, Any] = msgspec.json.decode(row)
    return decoded


class TestStatus:
    def test_a_block_that_ends_is_a_success(self, client: Client, shared: Meterd, name: str) -> None:
        with client.process_run(name, trigger="scheduled", environment="test", metadata={"region": "eu"}):
            pass
        client.flush()
        expected = {"status": "success", "trigger": "scheduled", "environment": "test", "metadata.region": "eu"}
        assert [{"total": 1} | expected] == runs(shared, name, *expected)

    def test_a_block_that_raises_has_failed_and_says_why(self, client: Client, proxy: Proxy, name: str) -> None:
        def work() -> None:
            with client.process_run(name) as run:
                run.warning("late")
                raise ValueError("no prices")

        with pytest.raises(ValueError, match="no prices"):
            work()
        client.flush()
        assert ("failed", "ValueError: no prices; late") == (sent(proxy)["status"], sent(proxy)["detail"])

    def test_a_block_that_warns_has_a_warning(self, client: Client, proxy: Proxy, name: str) -> None:
        with client.process_run(name) as run:
            run.warning("3 rows skipped")
            run.warning("late")
        client.flush()
        assert ("warning", "3 rows skipped; late") == (sent(proxy)["status"], sent(proxy)["detail"])

    @pytest.mark.parametrize(("code", "status"), [(0, "success"), (None, "success"), (2, "failed"), ("", "failed")])
    def test_the_end_of_the_program_counts_by_its_status(
        self, client: Client, proxy: Proxy, name: str, code: str | int | None, status: str
    ) -> None:
        with pytest.raises(SystemExit), client.process_run(name):
            sys.exit(code)
        client.flush()
        assert status == sent(proxy)["status"]

    @pytest.mark.parametrize("text", ["x" * 10_000, "\ud800" * 10_000], ids=["long", "not UTF-8"])
    def test_a_text_is_cut(self, client: Client, proxy: Proxy, name: str, text: str) -> None:
        with pytest.raises(ValueError, match=text[:9]), client.process_run(name):
            raise ValueError(text)
        client.flush()
        assert 512 == len(sent(proxy)["detail"])

    def test_an_exception_that_can_not_be_shown_is_not_hidden(self, client: Client, proxy: Proxy, name: str) -> None:
        class Secretive(Exception):
            def __str__(self) -> str:
                raise RuntimeError("no")

        with pytest.raises(Secretive), client.process_run(name):
            raise Secretive
        client.flush()
        assert "Secretive" in sent(proxy)["detail"]


class TestTime:
    def test_it_begins_with_the_block_and_lasts_as_long_as_the_work(
        self, client: Client, proxy: Proxy, name: str
    ) -> None:
        before = datetime.now(UTC)
        with client.process_run(name):
            begun = datetime.now(UTC)
            while (datetime.now(UTC) - begun).total_seconds() < 0.05:
                pass
        client.flush()
        assert before <= datetime.fromisoformat(sent(proxy)["createdAt"]) <= begun
        assert 40 <= sent(proxy)["duration"]


class TestDecorator:
    def test_each_call_of_a_function_is_a_run(self, client: Client, shared: Meterd, name: str) -> None:
        @client.process_run(name)
        def double(number: int) -> int:
            return 2 * number

        assert [2, 4] == [double(1), double(2)]
        client.flush()
        assert [{"total": 2, "status": "success"}] == runs(shared, name, "status")


class TestDelivery:
    @pytest.mark.usefixtures("impatient")
    def test_a_run_that_is_sent_again_counts_once(
        self, client: Client, proxy: Proxy, shared: Meterd, name: str
    ) -> None:
        proxy.script(lose_answer, lose_request)
        with client.process_run(name):
            pass
        client.flush()
        assert [{"total": 1}] == runs(shared, name)

    def test_the_same_row_under_another_key_counts_once(
        self, client: Client, proxy: Proxy, shared: Meterd, name: str
    ) -> None:
        with client.process_run(name):
            pass
        client.flush()
        assert 200 == shared.ingest(sent(proxy), PROCESSES).status_code
        assert [{"total": 1}] == runs(shared, name)

    @pytest.mark.usefixtures("impatient")
    def test_a_server_that_is_away_raises_nothing_and_the_run_is_delivered_later(
        self, client: Client, proxy: Proxy, shared: Meterd, name: str
    ) -> None:
        proxy.always(lose_request)
        for _ in range(3):
            with client.process_run(name):
                pass
        proxy.always(None)
        client.flush()
        assert [{"total": 3}] == runs(shared, name)

    @pytest.mark.usefixtures("impatient")
    def test_a_full_buffer_loses_the_run_not_the_exception_of_the_block(
        self, proxy: Proxy, shared: Meterd, name: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        proxy.always(answer(503))
        with Client(proxy.url, shared.token, batch_size=1, max_buffered_rows=1, flush_interval=NEVER) as client:
            client.ingest(PROCESSES, {"name": f"{name}-other"})
            with pytest.raises(KeyError), client.process_run(name):
                raise KeyError("mine")
            proxy.always(None)
        assert [f"a run of {name} is not recorded"] == [
            record.getMessage().partition(":")[0] for record in caplog.records if record.levelno == logging.ERROR
        ]

    @pytest.mark.usefixtures("impatient")
    def test_what_went_wrong_with_other_rows_is_left_to_whoever_sent_them(
        self, proxy: Proxy, shared: Meterd, name: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        proxy.script(answer(401))
        with Client(proxy.url, shared.token, batch_size=1, flush_interval=NEVER) as client:
            client.ingest(PROCESSES, {"name": f"{name}-other"})
            eventually(lambda: "rows wait" in caplog.text)
            with client.process_run(name):
                pass
            with pytest.raises(StatusError):
                client.ingest(PROCESSES, ())

    def test_what_is_no_text_is_kept_as_text(self, client: Client, proxy: Proxy, name: str) -> None:
        odd: Any = {"when": datetime(2026, 1, 31, tzinfo=UTC), 2: "\udce9", "left out": None}
        with client.process_run(name, trigger=3, metadata=odd) as run:  # type: ignore[arg-type]
            run.warning(LookupError("\ud83d"))
        client.flush()
        row = sent(proxy)
        assert ("3", {"when": "2026-01-31 00:00:00+00:00", "2": r"\udce9"}) == (row["trigger"], row["metadata"])
        assert ("warning", r"\ud83d") == (row["status"], row["detail"])

    def test_labels_that_are_no_mapping_are_one_label(self, client: Client, proxy: Proxy, name: str) -> None:
        with client.process_run(name, metadata="nightly"):  # type: ignore[arg-type]
            pass
        client.flush()
        assert {"metadata": "nightly"} == sent(proxy)["metadata"]

    def test_a_closed_client_does_not_hide_the_exception_of_the_block(
        self, client: Client, name: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        client.close()
        with pytest.raises(KeyError), client.process_run(name):
            raise KeyError("mine")
        assert "the client is closed" in caplog.text
        with pytest.raises(ClientClosed):
            client.ingest(PROCESSES, {"name": name})


class TestAsyncio:
    async def test_a_block_is_recorded(self, proxy: Proxy, shared: Meterd, name: str) -> None:
        async with AsyncClient(proxy.url, shared.token) as client:
            async with client.process_run(name, trigger="manual") as run:
                run.warning("late")
            with pytest.raises(ValueError, match="no"):
                async with client.process_run(name, trigger="manual"):
                    raise ValueError("no")
        assert ["failed", "warning"] == sorted(run["status"] for run in runs(shared, name, "status"))

    async def test_a_run_that_is_cancelled_has_failed(self, proxy: Proxy, shared: Meterd, name: str) -> None:
        async def work(client: AsyncClient) -> None:
            async with client.process_run(name):
                await asyncio.sleep(NEVER)

        async with AsyncClient(proxy.url, shared.token) as client:
            task = asyncio.create_task(work(client))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert "failed" == sent(proxy)["status"]
        assert "CancelledError" in sent(proxy)["detail"]
