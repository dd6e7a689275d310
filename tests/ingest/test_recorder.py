import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from meterd.errors import Unavailable
from meterd.failpoints import arm
from meterd.ingest.backlog import Backlog
from meterd.ingest.entries import Entry
from meterd.ingest.facts import Facts, Receipt, Submission
from meterd.ingest.journal import Journal, JournalReader
from meterd.ingest.recorder import Recorder
from meterd.settings import Ingest
from meterd.supervision import JOURNAL, Supervisor, round_of
from meterd.telemetry import Telemetry
from tests.ingest.test_journal import full_disk

NO_RESERVE = 0
PATIENCE = 60.0
ENTRY = Entry(1, "meter_events", "acme", 1, b"x\n")


class Running:
    """A recorder on a journal of its own; started unless the test does that."""

    def __init__(self, directory: Path, limits: Ingest, backlog: Backlog | None) -> None:
        self.path = directory / "journal.sqlite"
        self.telemetry = Telemetry()
        self.supervisor = Supervisor(self.telemetry)
        self.journal = Journal(self.path, 86_400.0)
        self.backlog = backlog or Backlog(lambda _after, _until: 0, self.journal.end, 0, checkpoint_bytes=2**20)
        self.recorder = Recorder(self.journal, self.backlog, directory, limits, self.supervisor)
        self._started = False

    def start(self) -> None:
        if not self._started:
            self._started = True
            self.recorder.start()

    def entries(self) -> list[Entry]:
        with contextlib.closing(JournalReader(self.path)) as reader:
            return reader.read(0, 2**40)

    def metric(self, line: str) -> bool:
        return line in self.telemetry.render().decode().splitlines()


@contextlib.contextmanager
def running(directory: Path, start: bool = True, backlog: Backlog | None = None, **limits: int) -> Iterator[Running]:
    running = Running(directory, Ingest(**{"disk_reserve_bytes": NO_RESERVE, **limits}), backlog)
    if start:
        running.start()
    try:
        yield running
    finally:
        running.start()
        running.recorder.close()
        running.journal.close()


def submission(text: str = "x", identity: bytes | None = None, response: bytes = b"") -> Submission:
    identities = (identity,) if identity else ()
    return Submission((Facts("meter_events", "acme", text.encode() + b"\n", 1, identities),), response=response)


async def until_queued() -> None:
    """What was started before is handed to the journal thread when this returns."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_what_is_recorded_is_on_disk(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        assert Receipt(b"answer") == await service.recorder.record(submission("a", response=b"answer"))

        assert [entry.lines for entry in service.entries()] == [b"a\n"]
        assert service.journal.end == 1
        assert service.metric('meterd_ingest_facts_total{dataset="meter_events"} 1.0')


async def test_what_arrives_together_is_one_commit(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        receipts = await asyncio.gather(
            *(service.recorder.record(submission(f"{n}", response=b"%d" % n)) for n in range(100))
        )

        assert [b"%d" % n for n in range(100)] == [receipt.response for receipt in receipts]
        (entry,) = service.entries()
        assert entry.count == 100
        assert (1, len(entry.lines)) == (service.backlog.end, service.backlog.size)


async def test_what_arrives_while_a_commit_runs_is_the_next_commit(tmp_path: Path) -> None:
    with running(tmp_path, start=False) as service:
        waiting = []
        for n in range(5):  # five turns of the loop, before the journal thread gets to any of them
            waiting.append(asyncio.create_task(service.recorder.record(submission(f"{n}"))))
            await until_queued()
        service.start()
        await asyncio.gather(*waiting)

        assert [entry.lines for entry in service.entries()] == [b"0\n1\n2\n3\n4\n"]


async def test_a_fact_that_is_known_is_counted_apart(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        await asyncio.gather(*(service.recorder.record(submission(identity=b"i" * 16)) for _ in range(3)))

        assert [entry.count for entry in service.entries()] == [1]
        assert service.metric('meterd_ingest_facts_total{dataset="meter_events"} 1.0')
        assert service.metric('meterd_ingest_duplicate_facts_total{dataset="meter_events"} 2.0')


async def test_a_caller_that_goes_away_disturbs_nobody(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        gone, staying = (asyncio.create_task(service.recorder.record(submission(text))) for text in ("gone", "here"))
        await until_queued()
        gone.cancel()

        assert Receipt(b"") == await staying
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert Receipt(b"") == await service.recorder.record(submission("later"))


async def test_whatever_a_commit_raises_nobody_waits_for_ever(tmp_path: Path) -> None:
    more_lines_than_identities = Facts("meter_events", "acme", b"1\n2\n", 2, (b"i" * 16,))
    with running(tmp_path) as service:
        with pytest.raises(Unavailable, match="can't be written"):
            await service.recorder.record(Submission((more_lines_than_identities,)))

        assert Receipt(b"") == await service.recorder.record(submission("later"))
        assert [entry.lines for entry in service.entries()] == [b"later\n"]


class TestFailingThread:
    """The journal thread's rounds fail; those who wait hear of it, and it goes on."""

    @pytest.fixture(autouse=True)
    def disarmed(self) -> Iterator[None]:
        yield
        arm("")

    async def test_of_those_who_wait_everybody_hears_and_the_next_are_served(self, tmp_path: Path) -> None:
        with running(tmp_path, start=False) as service:
            waiting = [asyncio.create_task(service.recorder.record(submission(text))) for text in "ab"]
            await until_queued()
            arm(f"{round_of(JOURNAL)}:1:raise")
            service.start()
            outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), PATIENCE)

            assert [Unavailable] * 2 == [type(outcome) for outcome in outcomes]
            assert service.metric("meterd_ingest_queue_bytes 0.0")
            assert Receipt(b"") == await again(service, submission("later"))
            assert [entry.lines for entry in service.entries()] == [b"later\n"]

    @pytest.mark.parametrize("error", [SystemExit(1), MemoryError(), AssertionError("a fault of ours")], ids=repr)
    async def test_whatever_comes_up_outside_of_a_commit_nobody_waits_for_ever(
        self, tmp_path: Path, error: BaseException
    ) -> None:
        class Counting(Backlog):
            def committed(self, end: int, size: int) -> None:
                if not failed:
                    failed.append(error)
                    raise error
                super().committed(end, size)

        failed: list[BaseException] = []
        with running(tmp_path, backlog=Counting(lambda _after, _until: 0, 0, 0, 2**20)) as service:
            with pytest.raises(Unavailable):
                await asyncio.wait_for(service.recorder.record(submission("a")), PATIENCE)

            assert Receipt(b"") == await again(service, submission("b"))
            assert service.metric('meterd_worker_failures_total{worker="journal"} 1.0')

    async def test_that_goes_on_failing_refuses_everything_and_holds_up_nobody(self, tmp_path: Path) -> None:
        with running(tmp_path, start=False) as service:
            waiting = asyncio.create_task(service.recorder.record(submission("a")))
            await until_queued()
            arm(f"{round_of(JOURNAL)}:1:fail")
            service.start()
            with pytest.raises(Unavailable):
                await asyncio.wait_for(waiting, PATIENCE)

            for refused in (service.recorder.record(submission("b")), service.recorder.probe()):
                with pytest.raises(Unavailable) as told:
                    await asyncio.wait_for(refused, PATIENCE)
                assert told.value.retry_after > 0
            assert service.metric('meterd_ingest_refusals_total{reason="journal"} 2.0')
            assert "journal" in service.supervisor.problem
            await asyncio.wait_for(asyncio.to_thread(service.recorder.flush), PATIENCE)
            with pytest.raises(Unavailable):
                await asyncio.wait_for(asyncio.to_thread(service.recorder.set_aside, ENTRY, True), PATIENCE)
            await asyncio.wait_for(asyncio.to_thread(service.recorder.close), PATIENCE)

    async def test_that_has_ended_lets_nobody_wait(self, tmp_path: Path) -> None:
        with running(tmp_path) as service:
            service.recorder.close()

            await asyncio.wait_for(asyncio.to_thread(service.recorder.flush), PATIENCE)
            with pytest.raises(Unavailable, match="stopped"):
                await asyncio.wait_for(asyncio.to_thread(service.recorder.set_aside, ENTRY, True), PATIENCE)

    async def test_that_hangs_is_left_behind_by_the_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        class Hanging(Backlog):
            def committed(self, end: int, size: int) -> None:
                entered.set()
                released.wait(PATIENCE)
                super().committed(end, size)

        entered, released = threading.Event(), threading.Event()
        monkeypatch.setattr("meterd.ingest.group_commit.CLOSE_SECONDS", 0.1)
        with running(tmp_path, backlog=Hanging(lambda _after, _until: 0, 0, 0, 2**20)) as service:
            first = asyncio.create_task(service.recorder.record(submission("first")))
            assert await asyncio.to_thread(entered.wait, PATIENCE)
            second = asyncio.create_task(service.recorder.record(submission("second")))
            await until_queued()
            with capture_logs() as logged:
                await asyncio.to_thread(service.recorder.close)
            assert ["journal"] == [each["worker"] for each in logged if each["log_level"] == "error"]
            with pytest.raises(Unavailable, match="stopped"):
                await asyncio.wait_for(second, PATIENCE)

            released.set()
            assert Receipt(b"") == await asyncio.wait_for(first, PATIENCE)

    async def test_an_answer_that_can_not_be_given_takes_away_no_other(self, tmp_path: Path) -> None:
        def odd(_outcome: object) -> None:
            raise RuntimeError("the connection is odd")

        with running(tmp_path) as service:
            service.recorder.submit(submission("odd"), odd)

            assert Receipt(b"") == await asyncio.wait_for(service.recorder.record(submission("b")), PATIENCE)
            assert b"".join(entry.lines for entry in service.entries()) == b"odd\nb\n"


async def again(service: Running, wanted: Submission) -> Receipt:
    """Send until it is taken, as clients do."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await service.recorder.record(wanted)
            except Unavailable:
                await asyncio.sleep(0.01)


class TestBackPressure:
    async def test_refuses_when_too_much_waits_for_a_commit(self, tmp_path: Path) -> None:
        with running(tmp_path, start=False, queue_bytes=100) as service:
            first = asyncio.create_task(service.recorder.record(submission("x" * 80)))
            await until_queued()

            with pytest.raises(Unavailable, match="queue-bytes") as refused:
                await service.recorder.record(submission("x" * 80))
            assert refused.value.retry_after > 0
            assert service.metric('meterd_ingest_refusals_total{reason="queue"} 1.0')
            assert service.metric("meterd_ingest_queue_bytes 81.0")

            service.start()
            await first
            assert Receipt(b"") == await service.recorder.record(submission("x" * 80))
            assert service.metric("meterd_ingest_queue_bytes 0.0")

    async def test_bounds_what_arrives_in_one_turn_of_the_loop(self, tmp_path: Path) -> None:
        with running(tmp_path, queue_bytes=100) as service:
            outcomes = await asyncio.gather(
                *(service.recorder.record(submission("x" * 29)) for _ in range(10)), return_exceptions=True
            )

            assert outcomes.count(Receipt(b"")) == 3
            assert sum(isinstance(outcome, Unavailable) for outcome in outcomes) == 7
            assert [entry.count for entry in service.entries()] == [3]

    async def test_refuses_a_submission_that_can_never_fit(self, tmp_path: Path) -> None:
        with running(tmp_path, queue_bytes=100) as service:
            with pytest.raises(Unavailable, match="queue-bytes"):
                await service.recorder.record(submission("x" * 101))
            assert service.entries() == []

    async def test_refuses_while_the_store_is_behind(self, tmp_path: Path) -> None:
        with running(tmp_path, backlog_bytes=1000) as service:
            await service.recorder.record(submission("x" * 1000))

            with pytest.raises(Unavailable, match="backlog-bytes") as refused:
                await service.recorder.record(submission())
            assert refused.value.retry_after > 0
            assert service.metric('meterd_ingest_refusals_total{reason="backlog"} 1.0')

            service.backlog.loaded(1, 1)
            assert Receipt(b"") == await service.recorder.record(submission())

    async def test_refuses_when_the_disk_is_almost_full(self, tmp_path: Path) -> None:
        with running(tmp_path, disk_reserve_bytes=2**62) as service:
            with pytest.raises(Unavailable, match="disk-reserve-bytes") as refused:
                await service.recorder.record(submission())
            assert refused.value.retry_after > 0
            assert service.metric('meterd_ingest_refusals_total{reason="disk"} 1.0')
            with pytest.raises(Unavailable, match="disk-reserve-bytes"):
                await service.recorder.probe()
            assert service.entries() == []

    async def test_refuses_when_it_is_stopping_but_writes_what_waits(self, tmp_path: Path) -> None:
        with running(tmp_path, start=False) as service:
            waiting = asyncio.create_task(service.recorder.record(submission("early")))
            await until_queued()
            service.recorder.refuse("the service is stopping")

            with pytest.raises(Unavailable, match="the service is stopping"):
                await service.recorder.record(submission("late"))

            service.start()
            service.recorder.flush()
            assert [entry.lines for entry in service.entries()] == [b"early\n"]
            assert Receipt(b"") == await waiting

    async def test_closing_writes_what_waits(self, tmp_path: Path) -> None:
        with running(tmp_path, start=False) as service:
            waiting = asyncio.create_task(service.recorder.record(submission("early")))
            await until_queued()

        assert Receipt(b"") == await waiting
        with contextlib.closing(JournalReader(tmp_path / "journal.sqlite")) as reader:
            assert [entry.lines for entry in reader.read(0, 100)] == [b"early\n"]


class TestFullDisk:
    async def test_everybody_of_the_group_hears_of_it_and_nothing_is_kept(self, tmp_path: Path) -> None:
        with running(tmp_path) as service:
            await service.recorder.record(submission("before", identity=b"1" * 16))

            with full_disk():
                outcomes = await asyncio.gather(
                    service.recorder.record(submission("small")),
                    service.recorder.record(submission("known", identity=b"2" * 16)),
                    service.recorder.record(submission("x" * 10**6)),
                    return_exceptions=True,
                )

            for outcome in outcomes:
                assert isinstance(outcome, Unavailable)
                assert "journal" in outcome.message
                assert outcome.retry_after > 0
            assert [entry.lines for entry in service.entries()] == [b"before\n"]
            assert service.metric("meterd_journal_commit_failures_total 1.0")
            assert service.metric("meterd_ingest_queue_bytes 0.0")

            await service.recorder.record(submission("sent again", identity=b"2" * 16))
            assert [entry.lines for entry in service.entries()] == [b"before\n", b"sent again\n"]
            assert service.backlog.end == 2

    async def test_a_probe_tells(self, tmp_path: Path) -> None:
        with running(tmp_path) as service:
            await service.recorder.probe()
            await service.recorder.record(submission("x" * 200_000))

            with full_disk(), pytest.raises(Unavailable, match="journal"):
                await service.recorder.probe()

            await service.recorder.probe()

    async def test_trimming_that_fails_is_no_end(self, tmp_path: Path) -> None:
        with running(tmp_path) as service:
            await service.recorder.record(submission("x" * 200_000))
            with full_disk():
                service.recorder.trim(1)
                service.recorder.flush()
            assert len(service.entries()) == 1

            service.recorder.trim(1)
            service.recorder.flush()
            assert service.entries() == []
