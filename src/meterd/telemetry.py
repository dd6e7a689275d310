"""The service's own health as Prometheus metrics: every limit has a gauge, every refusal a counter."""

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Generic, Literal, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

disable_created_metrics()  # type: ignore[no-untyped-call]

MEDIA_TYPE = "text/plain; version=0.0.4"
_DURATIONS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Requests(Collector):
    """Counts and times requests. Used from the event loop alone, it needs no locks and costs a tenth of the usual."""

    def __init__(self) -> None:
        self._responses: dict[tuple[str, str, int], int] = {}
        self._seconds: dict[str, float] = {}
        self._buckets: dict[str, list[int]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        key = (method, route, status)
        try:
            self._responses[key] += 1
            self._seconds[route] += seconds
        except KeyError:
            self._responses.setdefault(key, 1)
            self._seconds[route] = self._seconds.get(route, 0.0) + seconds
            self._buckets.setdefault(route, [0] * (len(_DURATIONS) + 1))
        self._buckets[route][bisect_left(_DURATIONS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        responses = CounterMetricFamily(
            "meterd_http_requests", "HTTP requests answered", labels=["method", "route", "status"]
        )
        for (method, route, status), count in self._responses.items():
            responses.add_metric([method, route, str(status)], count)
        yield responses
        times = HistogramMetricFamily("meterd_http_request_seconds", "Time to answer", labels=["route"])
        for route, counts in self._buckets.items():
            times.add_metric([route], list(_cumulative(counts)), self._seconds[route])
        yield times


def _cumulative(counts: Iterable[int]) -> Iterator[tuple[str, float]]:
    total = 0
    for bound, count in zip((*_DURATIONS, float("inf")), counts, strict=True):
        total += count
        yield floatToGoString(bound), total  # type: ignore[no-untyped-call]


_Family = TypeVar("_Family", Counter, Gauge, Histogram)
Together = Literal["sum", "min", "max"]
"""What the values of a gauge in several processes are together."""


class _Declared(Generic[_Family]):
    """Declares a metric, of which each `Telemetry` has one of its own."""

    def __init__(self, make: Callable[..., _Family], name: str, together: Together = "sum") -> None:
        self.make: Callable[..., _Family] = make
        self.name = name
        self.together = together

    def __get__(self, _instance: object, owner: type) -> _Family:
        raise AttributeError(f"only an instance of {owner.__name__} has metrics")


def _counter(name: str, documentation: str, *labels: str) -> _Declared[Counter]:
    return _Declared(partial(Counter, name, documentation, labels), name)


def _gauge(name: str, documentation: str, *labels: str, together: Together = "sum") -> _Declared[Gauge]:
    return _Declared(partial(Gauge, name, documentation, labels), name, together)


def _histogram(name: str, documentation: str, *labels: str) -> _Declared[Histogram]:
    """Declare a histogram of durations, in seconds."""
    return _Declared(partial(Histogram, name, documentation, labels, buckets=_DURATIONS), name)


class Telemetry:
    """All metrics of one service. Names start with `meterd_`; durations are in seconds, sizes in bytes."""

    node = _gauge("meterd_node_info", "1, with the name of the node", "node")
    processes = _gauge("meterd_processes", "Processes that serve")
    process_restarts = _counter("meterd_process_restarts", "Processes that ended and were started again")
    worker_up = _gauge("meterd_worker_up", "1 while a worker works, 0 while it fails", "worker", together="min")
    worker_failures = _counter("meterd_worker_failures", "Rounds of workers that failed", "worker")
    helper_processes = _gauge("meterd_helper_processes", "Processes that read bodies beside this one")
    helper_bodies = _counter("meterd_helper_bodies", "Bodies that were read beside this process")
    http_refusals = _counter("meterd_http_refusals", "Connections and requests that a limit ended", "reason")
    facts = _counter("meterd_ingest_facts", "Facts made durable", "dataset")
    duplicates = _counter("meterd_ingest_duplicate_facts", "Facts known already and not stored again", "dataset")
    merged = _counter("meterd_ingest_merged_facts", "Facts that became a part of another one", "dataset")
    kept_apart = _counter("meterd_ingest_merge_limits", "Limits that may have kept facts of one call apart", "limit")
    refusals = _counter("meterd_ingest_refusals", "Requests refused to protect the service", "reason")
    left_out = _counter(
        "meterd_ingest_left_out", "Elements and values of gateways' reports that could not be used", "source"
    )
    spans_left_out = _counter("meterd_otlp_spans_left_out", "Spans that are no fact, by what they are", "reason")
    classification_refusals = _counter(
        "meterd_classification_refusals", "Classifications that were beyond a limit", "limit"
    )
    calls_forgotten = _counter("meterd_usage_calls_forgotten", "Calls that were not recorded", "reason")
    validations = _counter("meterd_validation_questions", "Tokens that another service was asked about", "outcome")
    sign_in_refusals = _counter("meterd_sign_in_refusals", "Sign-ins at the web pages that were refused", "reason")
    lines_withheld = _counter("meterd_log_lines_withheld", "Requests of unknown callers that were not logged")
    session_facts_skipped = _counter(
        "meterd_session_facts_skipped", "Stored facts that documents of sessions do not follow", "reason"
    )
    commit_seconds = _histogram("meterd_journal_commit_seconds", "Time of one group commit")
    commit_failures = _counter("meterd_journal_commit_failures", "Groups that could not be written")
    load_seconds = _histogram("meterd_loader_batch_seconds", "Time to move one batch into the store")
    load_failures = _counter("meterd_loader_failures", "Batches that the store did not take")
    loaded = _counter("meterd_loader_facts", "Facts moved into the store", "dataset")
    set_aside_facts = _counter("meterd_loader_set_aside_facts", "Facts that can't be moved into the store", "dataset")
    set_aside_entries = _counter(
        "meterd_loader_set_aside_entries",
        "Journal entries that can't be moved into the store, whole or in part",
        "outcome",
    )
    checkpoints = _counter("meterd_store_checkpoints", "Checkpoints of the store")
    checkpoints_held_off = _counter(
        "meterd_store_checkpoints_held_off", "Checkpoints that could not be made, because the store is being copied"
    )
    query_seconds = _histogram("meterd_query_seconds", "Time of one query in the store", "dataset")
    query_failures = _counter("meterd_query_failures", "Queries that hit a limit", "reason")
    query_cache_hits = _counter("meterd_query_cache_hits", "Questions that were answered as before, without the store")
    loop_delays = _histogram(
        "meterd_event_loop_delay_seconds", "How late the event loop comes back, looked at 20 times a second"
    )
    work_running = _gauge("meterd_work_running", "Long work under way", "work")
    work_waiting = _gauge("meterd_work_waiting", "Long work that waits for its turn", "work")
    work_refused = _counter(
        "meterd_work_refused", "Long work refused, because too much waited or it waited too long", "work"
    )
    work_cancelled = _counter("meterd_work_cancelled", "Long work ended because its client had gone", "work")
    directory_failures = _counter("meterd_directory_failures", "Times that the directory could not be read or written")
    leads = _gauge("meterd_leads", "1 while this node does what only one of several does", "work")
    exports = _counter("meterd_exports", "Exports of meters", "exporter", "outcome")
    series_set_aside = _counter("meterd_export_series_set_aside", "Series that a collector refuses", "exporter")

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Requests()
        self.registry.register(self.requests)
        self.together: dict[str, Together] = {}
        self._collect: Callable[[], Awaitable[Sequence[Metric]]] | None = None
        for name, declared in vars(Telemetry).items():
            if isinstance(declared, _Declared):
                setattr(self, name, declared.make(registry=self.registry))
                self.together[declared.name] = declared.together
        self.processes.set(1)

    def gauge(self, name: str, documentation: str, read: Callable[[], float], together: Together = "sum") -> None:
        """Add a gauge that is read when it is scraped, so that keeping it costs nothing."""
        Gauge(name, documentation, registry=self.registry).set_function(read)
        self.together[name] = together

    def collect_from(self, collect: Callable[[], Awaitable[Sequence[Metric]]]) -> None:
        """Take the metrics of the service from elsewhere: this process is one of several."""
        self._collect = collect

    async def collect(self) -> Sequence[Metric]:
        """Return the metrics of the service, of whichever process. Raises `Unavailable`."""
        return await self._collect() if self._collect else list(self.registry.collect())

    async def page(self) -> bytes:
        """Return what Prometheus reads of the service. Raises `Unavailable`."""
        return generate_latest(_Collected(await self.collect()))

    def render(self) -> bytes:
        """Return what Prometheus would read of this process."""
        return generate_latest(self.registry)


class _Collected(CollectorRegistry):
    """Metrics that were collected before."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        super().__init__()
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return iter(self._metrics)
