"""The service's own health as Prometheus metrics: every limit has a gauge, every refusal a counter."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

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
        self._answers: dict[tuple[str, str, int], int] = {}
        self._seconds: dict[str, float] = {}
        self._buckets: dict[str, list[int]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        key = (method, route, status)
        try:
            self._answers[key] += 1
            self._seconds[route] += seconds
        except KeyError:
            self._answers.setdefault(key, 1)
            self._seconds[route] = self._seconds.get(route, 0.0) + seconds
            self._buckets.setdefault(route, [0] * (len(_DURATIONS) + 1))
        self._buckets[route][bisect_left(_DURATIONS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        answers = CounterMetricFamily(
            "meterd_http_requests", "HTTP requests answered", labels=["method", "route", "status"]
        )
        for (method, route, status), count in self._answers.items():
            answers.add_metric([method, route, str(status)], count)
        yield answers
        times = HistogramMetricFamily("meterd_http_request_seconds", "Time to answer", labels=["route"])
        for route, counts in self._buckets.items():
            times.add_metric([route], list(_cumulative(counts)), self._seconds[route])
        yield times


def _cumulative(counts: Iterable[int]) -> Iterator[tuple[str, float]]:
    total = 0
    for bound, count in zip((*_DURATIONS, float("inf")), counts, strict=True):
        total += count
        yield floatToGoString(bound), total  # type: ignore[no-untyped-call]


class Telemetry:
    """All metrics of one service. Names start with `meterd_`; durations are in seconds, sizes in bytes."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Requests()
        registry.register(self.requests)
        self.worker_up = Gauge(
            "meterd_worker_up", "1 while a worker works, 0 while it fails", ["worker"], registry=registry
        )
        self.worker_failures = Counter(
            "meterd_worker_failures", "Rounds of workers that failed", ["worker"], registry=registry
        )
        self.http_refusals = Counter(
            "meterd_http_refusals", "Connections and requests that a limit ended", ["reason"], registry=registry
        )
        self.facts = Counter("meterd_ingest_facts", "Facts made durable", ["dataset"], registry=registry)
        self.duplicates = Counter(
            "meterd_ingest_duplicate_facts", "Facts known already and not stored again", ["dataset"], registry=registry
        )
        self.refusals = Counter(
            "meterd_ingest_refusals", "Requests refused to protect the service", ["reason"], registry=registry
        )
        self.left_out = Counter(
            "meterd_ingest_left_out",
            "Elements and values of gateways' reports that could not be used",
            ["source"],
            registry=registry,
        )
        self.classification_refusals = Counter(
            "meterd_classification_refusals", "Classifications that were beyond a limit", ["limit"], registry=registry
        )
        self.calls_forgotten = Counter(
            "meterd_usage_calls_forgotten", "Calls that were not recorded", ["reason"], registry=registry
        )
        self.validations = Counter(
            "meterd_validation_questions", "Tokens that another service was asked about", ["outcome"], registry=registry
        )
        self.lines_withheld = Counter(
            "meterd_log_lines_withheld", "Requests of unknown callers that were not logged", registry=registry
        )
        self.session_facts_skipped = Counter(
            "meterd_session_facts_skipped",
            "Stored facts that documents of sessions do not follow",
            ["reason"],
            registry=registry,
        )
        self.commit_seconds = Histogram(
            "meterd_journal_commit_seconds", "Time of one group commit", buckets=_DURATIONS, registry=registry
        )
        self.commit_failures = Counter(
            "meterd_journal_commit_failures", "Groups that could not be written", registry=registry
        )
        self.load_seconds = Histogram(
            "meterd_loader_batch_seconds",
            "Time to move one batch into the store",
            buckets=_DURATIONS,
            registry=registry,
        )
        self.load_failures = Counter("meterd_loader_failures", "Batches that the store did not take", registry=registry)
        self.loaded = Counter("meterd_loader_facts", "Facts moved into the store", ["dataset"], registry=registry)
        self.set_aside_facts = Counter(
            "meterd_loader_set_aside_facts", "Facts that can't be moved into the store", ["dataset"], registry=registry
        )
        self.set_aside_entries = Counter(
            "meterd_loader_set_aside_entries",
            "Journal entries that can't be moved into the store, whole or in part",
            ["outcome"],
            registry=registry,
        )
        self.checkpoints = Counter("meterd_store_checkpoints", "Checkpoints of the store", registry=registry)
        self.query_seconds = Histogram(
            "meterd_query_seconds",
            "Time of one query in the store",
            ["dataset"],
            buckets=_DURATIONS,
            registry=registry,
        )
        self.query_failures = Counter(
            "meterd_query_failures", "Queries that hit a limit", ["reason"], registry=registry
        )
        self.loop_delays = Histogram(
            "meterd_event_loop_delay_seconds",
            "How late the event loop comes back, looked at 20 times a second",
            buckets=_DURATIONS,
            registry=registry,
        )
        self.work_running = Gauge("meterd_work_running", "Long work under way", ["work"], registry=registry)
        self.work_waiting = Gauge(
            "meterd_work_waiting", "Long work that waits for its turn", ["work"], registry=registry
        )
        self.work_refused = Counter(
            "meterd_work_refused",
            "Long work refused, because too much waited or it waited too long",
            ["work"],
            registry=registry,
        )
        self.work_cancelled = Counter(
            "meterd_work_cancelled", "Long work ended because its client had gone", ["work"], registry=registry
        )
        self.directory_failures = Counter(
            "meterd_directory_failures", "Times that the directory could not be read or written", registry=registry
        )
        self.exports = Counter("meterd_exports", "Exports of meters", ["exporter", "outcome"], registry=registry)
        self.series_set_aside = Counter(
            "meterd_export_series_set_aside", "Series that a collector refuses", ["exporter"], registry=registry
        )

    def gauge(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """A gauge that is read when it is scraped, so that keeping it costs nothing."""
        Gauge(name, documentation, registry=self.registry).set_function(read)

    def render(self) -> bytes:
        return generate_latest(self.registry)
