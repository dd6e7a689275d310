"""What else the made-up company records: calls to its services, its processes, its queues."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from meterd.datasets import API_REQUESTS, PROCESS_RUNS, QUEUE_SAMPLES
from meterd.demo.company import PEOPLE, Choice
from meterd.demo.facts import Fact, around
from meterd.demo.rhythm import arrivals, pace
from meterd.demo.story import Span, Story

_CALLS = Choice(
    [
        (("object", "get", "get", 22, 2_100), 5.0),
        (("object", "list", "get", 95, 38_000), 1.5),
        (("object", "update", "post", 41, 240), 1.2),
        (("data", "get", "get", 64, 14_000), 4.0),
        (("data", "function", "get", 310, 52_000), 0.8),
        (("calendar", "get", "get", 12, 900), 0.7),
        (("object", "delete", "delete", 30, 40), 0.15),
    ]
)
"""Service, action, method, usual milliseconds and bytes of the answer."""
_APPLICATIONS = Choice([("portal", 5.0), ("workbook", 2.5), ("pricing-batch", 2.0), ("mobile", 1.0)])
_KEYS = tuple(f"{name}.{place}" for name in ("BASELOAD", "PEAKLOAD", "SPOT", "STORAGE") for place in ("NORTH", "SOUTH"))


class Process(NamedTuple):
    """A process that runs every so many hours, and its usual duration in milliseconds."""

    name: str
    every: int
    usual: float
    failing: float


_PROCESSES = (
    Process("import-prices", 1, 42_000, 0.02),
    Process("reconcile-invoices", 6, 380_000, 0.05),
    Process("rebuild-search-index", 24, 1_900_000, 0.04),
    Process("send-digests", 24, 95_000, 0.01),
)
_QUEUES = {"tickets-in": 14, "embeddings": 60, "mail-out": 8}
_SAMPLED = timedelta(minutes=30)


class Usage:
    """Calls, so many in a busy hour, and what runs by the clock."""

    def __init__(self, random: Random, story: Story, busy: float) -> None:
        self._random = random
        self._story = story
        self._busy = busy

    def facts(self, span: Span) -> Iterator[Fact]:
        """Yield all facts of a span of time."""
        end = self._story.history.end
        for at in arrivals(self._random, span, lambda at: self._busy * pace(at, end)):
            yield self._call(at)
        for at in _ticks(span, timedelta(hours=1)):
            yield from (self._run(at, each) for each in _PROCESSES if at.hour % each.every == 0)
        for at in _ticks(span, _SAMPLED):
            yield from (self._sample(at, queue, usual) for queue, usual in _QUEUES.items())

    def _id(self) -> str:
        return f"0{self._random.getrandbits(92):023x}"

    def _call(self, at: datetime) -> Fact:
        service, action, method, usual, size = _CALLS.draw(self._random)
        person, key = PEOPLE.draw(self._random), self._random.choice(_KEYS)
        status = self._random.choices((200, 404, 400, 500), (96, 2.2, 1.3, 0.5))[0]
        row = API_REQUESTS.row_type(
            ts=at,
            subject=person.slug,
            subject_type=person.kind,
            teams=[person.team],
            record_id=self._id(),
            detail=f"{method.upper()} /api/{service}/v1/private/{key}",
            service=service,
            action=action,
            method=method,
            key=key,
            application=_APPLICATIONS.draw(self._random),
            http_status=status,
            duration=int(around(self._random, usual, 0.6)),
            response_size=int(around(self._random, size, 0.5)) if status == 200 else 84,
            environment="test" if self._random.random() < 0.1 else "production",
        )
        return Fact(API_REQUESTS, row)

    def _run(self, at: datetime, process: Process) -> Fact:
        failed = self._random.random() < process.failing
        row = PROCESS_RUNS.row_type(
            ts=at + timedelta(seconds=self._random.uniform(0, 20)),
            subject="scheduler",
            subject_type="virtualaccount",
            teams=["platform"],
            record_id=self._id(),
            name=process.name,
            trigger="scheduled",
            status="failed" if failed else "warning" if self._random.random() < 0.05 else "success",
            duration=int(around(self._random, process.usual * (0.3 if failed else 1), 0.25)),
        )
        return Fact(PROCESS_RUNS, row)

    def _sample(self, at: datetime, queue: str, usual: float) -> Fact:
        """Sample how long a queue is: it grows while a provider is out, and needs some time to be short again."""
        outage = self._story.outage
        felt = Span(outage.start, outage.end + timedelta(hours=1)).share(at, timedelta(minutes=45))
        length = usual * pace(at, self._story.history.end) * (1 + 14 * felt * (queue == "embeddings"))
        row = QUEUE_SAMPLES.row_type(
            ts=at,
            subject="scheduler",
            subject_type="virtualaccount",
            teams=["platform"],
            record_id=self._id(),
            metric="ActiveMessages",
            queue=queue,
            value=float(int(around(self._random, length, 0.3))),
            unit="count",
        )
        return Fact(QUEUE_SAMPLES, row)


def _ticks(span: Span, every: timedelta) -> Iterator[datetime]:
    """Yield the whole multiples of a duration, counted from midnight, that lie in a span."""
    midnight = span.start.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + -((midnight - span.start) // every) * every
    while at < span.end:
        yield at
        at += every
