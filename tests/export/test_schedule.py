"""Which windows are sent when, and what a restart makes of it."""

import asyncio
import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from meterd.errors import Unavailable
from meterd.export import windows
from meterd.export.schedule import Schedule
from meterd.export.series import Window
from meterd.metadata import Exports, Progress
from meterd.metadata.sql import open_sql_metadata
from meterd.metadata.sql.election import OnlyNode
from meterd.supervision import Supervisor
from meterd.telemetry import Telemetry
from tests.process import directory_of

SHORT = timedelta(milliseconds=50)


class Recording:
    """Remembers the windows that it is given, and takes them, or does what `answers` says."""

    name = "recording"
    interval = SHORT

    def __init__(self) -> None:
        self.sent: list[Window] = []
        self.answers: list[bool | Exception] = []
        self.hangs = False
        self.is_closed = False
        self._changed = asyncio.Event()
        self._free = asyncio.Event()

    def window(self, progress: Progress, end: datetime) -> Window:
        return windows.delta(progress, end, self.interval)

    async def send(self, window: Window) -> bool:
        self.sent.append(window)
        self._changed.set()
        if self.hangs:
            await self._free.wait()
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    def goes_on(self) -> None:
        """End what hangs."""
        self.hangs = False
        self._free.set()

    async def close(self) -> None:
        self.is_closed = True

    async def reaches(self, count: int) -> None:
        """Return when so many windows were given."""
        self._changed.clear()
        async with asyncio.timeout(20):
            while len(self.sent) < count:
                await self._changed.wait()
                self._changed.clear()


@pytest.fixture
def exports(tmp_path: Path) -> Iterator[Exports]:
    metadata = open_sql_metadata(tmp_path / "directory.sqlite", directory_of(tmp_path))
    yield metadata.exports
    metadata.close()


class Candidate:
    """An election whose outcome the test decides."""

    def __init__(self, leads: bool) -> None:
        self.leads = leads
        self.asked = 0

    def lead(self) -> bool:
        self.asked += 1
        return self.leads

    def resign(self) -> None:
        self.leads = False


def schedule(
    exporter: Recording, exports: Exports, telemetry: Telemetry | None = None, election: Candidate | None = None
) -> Schedule:
    return Schedule(exporter, exports, election or OnlyNode(), SHORT, Supervisor(telemetry or Telemetry()))


def is_seamless(sent: list[Window]) -> bool:
    return all(before.end == after.start for before, after in itertools.pairwise(sent))


async def test_windows_are_sent_one_after_the_other_and_the_rest_at_the_end(exports: Exports) -> None:
    exporter = Recording()
    running = schedule(exporter, exports)
    await running.start()
    await exporter.reaches(3)
    await running.stop()

    assert is_seamless(exporter.sent)
    assert exporter.is_closed
    progress = exports.progress("recording")
    assert progress == Progress(exporter.sent[0].start, exporter.sent[-1].end)


async def test_a_restart_goes_on_where_the_last_run_ended(exports: Exports) -> None:
    first, second = Recording(), Recording()
    for exporter in (first, second):
        running = schedule(exporter, exports)
        await running.start()
        await exporter.reaches(2)
        await running.stop()

    assert is_seamless(first.sent + second.sent)


async def test_what_a_crash_left_under_way_is_sent_again_as_it_was(exports: Exports) -> None:
    begun = windows.floor(windows.now(), SHORT) - 20 * SHORT
    odd = begun + SHORT / 3
    exports.advance("recording", None, Progress(begun, begun, odd))
    exporter = Recording()
    running = schedule(exporter, exports)
    await running.start()
    await exporter.reaches(3)
    await running.stop()

    assert Window(begun, odd) == exporter.sent[0]
    assert is_seamless(exporter.sent)


async def test_what_was_given_up_is_not_sent_later(exports: Exports) -> None:
    exporter = Recording()
    exporter.answers = [False, True, False]
    telemetry = Telemetry()
    running = schedule(exporter, exports, telemetry)
    await running.start()
    await exporter.reaches(4)
    await running.stop()

    assert is_seamless(exporter.sent)
    assert len(set(exporter.sent)) == len(exporter.sent)
    outcomes = {
        outcome: telemetry.registry.get_sample_value(
            "meterd_exports_total", {"exporter": "recording", "outcome": outcome}
        )
        for outcome in ("sent", "dropped")
    }
    assert {"sent": len(exporter.sent) - 2, "dropped": 2} == outcomes


async def test_what_could_not_be_read_is_tried_again(exports: Exports) -> None:
    exporter = Recording()
    exporter.answers = [Unavailable("the store can't answer now"), RuntimeError("odd")]
    running = schedule(exporter, exports)
    await running.start()
    await exporter.reaches(4)
    await running.stop()

    assert exporter.sent[0] == exporter.sent[1] == exporter.sent[2]
    assert is_seamless(exporter.sent[2:])


async def test_a_collector_that_does_not_answer_keeps_nobody_from_stopping(exports: Exports) -> None:
    exporter = Recording()
    exporter.hangs = True
    running = schedule(exporter, exports)
    await running.start()
    await exporter.reaches(1)
    async with asyncio.timeout(20):
        await running.stop()

    (window,) = exporter.sent
    assert exporter.is_closed
    assert Progress(window.start, window.start, window.end) == exports.progress("recording")


async def test_a_node_that_does_not_lead_sends_nothing_and_takes_over_when_it_does(exports: Exports) -> None:
    leader, other = Recording(), Recording()
    leads, waits = Candidate(True), Candidate(False)
    telemetry = Telemetry()
    running, waiting = schedule(leader, exports, election=leads), schedule(other, exports, telemetry, waits)
    await running.start()
    await waiting.start()
    await leader.reaches(3)
    await running.stop()
    assert [] == other.sent
    assert 0 == telemetry.registry.get_sample_value("meterd_leads", {"work": "exporter"})

    waits.leads = True
    await other.reaches(2)
    assert 1 == telemetry.registry.get_sample_value("meterd_leads", {"work": "exporter"})
    await waiting.stop()

    assert is_seamless(leader.sent + other.sent)
    assert not leads.leads
    assert not waits.leads


async def test_a_node_that_was_overtaken_while_it_sent_notes_nothing(exports: Exports) -> None:
    late, other = Recording(), Recording()
    late.hangs = True
    running = schedule(late, exports)
    await running.start()
    await late.reaches(1)

    second = schedule(other, exports)
    await second.start()
    await other.reaches(3)
    await second.stop()
    reached = exports.progress("recording")
    assert reached is not None

    late.goes_on()
    await late.reaches(2)  # in a later round, which begins where the other has ended
    await running.stop()
    assert late.sent[0] == other.sent[0]
    assert is_seamless(other.sent + late.sent[1:])
