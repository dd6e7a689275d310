"""The service's own health as Prometheus metrics: every limit has a gauge, every refusal a counter."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_DURATIONS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Telemetry:
    """All metrics of one service. Names start with `meterd_`; durations are in seconds, sizes in bytes."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "meterd_http_requests", "HTTP requests answered", ["method", "route", "status"], registry=registry
        )
        self.request_seconds = Histogram(
            "meterd_http_request_seconds", "Time to answer", ["route"], buckets=_DURATIONS, registry=registry
        )
        self._request_metrics: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.facts = Counter("meterd_ingest_facts", "Facts made durable", ["dataset"], registry=registry)
        self.duplicates = Counter(
            "meterd_ingest_duplicate_facts", "Facts known already and not stored again", ["dataset"], registry=registry
        )
        self.refusals = Counter("meterd_ingest_refusals", "Requests refused to protect the service", ["reason"],
                                registry=registry)  # fmt: skip
        self.commit_seconds = Histogram(
            "meterd_journal_commit_seconds", "Time of one group commit", buckets=_DURATIONS, registry=registry
        )
        self.commit_failures = Counter("meterd_journal_commit_failures", "Groups that could not be written",
                                       registry=registry)  # fmt: skip
        self.load_seconds = Histogram(
            "meterd_loader_batch_seconds", "Time to move one batch into the store", buckets=_DURATIONS,
            registry=registry,
        )  # fmt: skip
        self.load_failures = Counter("meterd_loader_failures", "Batches that the store did not take", registry=registry)
        self.loaded = Counter("meterd_loader_facts", "Facts moved into the store", ["dataset"], registry=registry)
        self.checkpoints = Counter("meterd_store_checkpoints", "Checkpoints of the store", registry=registry)
        self.query_seconds = Histogram(
            "meterd_query_seconds", "Time of one query in the store", ["dataset"], buckets=_DURATIONS,
            registry=registry,
        )  # fmt: skip
        self.query_failures = Counter("meterd_query_failures", "Queries that hit a limit", ["reason"],
                                      registry=registry)  # fmt: skip

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request. Looking up labels is slow, so that is done once for each combination."""
        key = (method, route, status)
        metrics = self._request_metrics.get(key)
        if metrics is None:
            metrics = self.requests.labels(*key), self.request_seconds.labels(route)
            self._request_metrics[key] = metrics
        metrics[0].inc()
        metrics[1].observe(seconds)

    def gauge(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """A gauge that is read when it is scraped, so that keeping it costs nothing."""
        Gauge(name, documentation, registry=self.registry).set_function(read)

    def render(self) -> bytes:
        return generate_latest(self.registry)
