"""Metrics of Azure Service Bus, and samples of them as rows of `queueMetrics` (`docs/specifications/usage-metrics.md`
section 5.3).
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Literal, Self

import msgspec
from azure.monitor.querymetrics import MetricsQueryResult, TimeSeriesElement

QUEUES = "queueMetrics"
PROVIDER = "Microsoft.ServiceBus/namespaces"
DIMENSION = "EntityName"
"""Azure's name for queues and topics; answers have it in small letters."""

_OF_THE_NAMESPACE = "-NamespaceOnlyMetric-"
"""What Azure calls the entity of operations that concern no entity."""

_RESOURCE = re.compile(rf"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/{PROVIDER}/([^/]+)", re.IGNORECASE)


class Namespace(msgspec.Struct, frozen=True):
    """A Service Bus namespace: its resource id, and the last part of that."""

    id: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a resource id.

        Raises:
            ValueError: it is none, or of something else.
        """
        match = _RESOURCE.fullmatch(text)
        if match is None:
            raise ValueError(
                "the namespace must be a resource id such as "
                f"/subscriptions/ID/resourceGroups/GROUP/providers/{PROVIDER}/NAME, got {text}"
            )
        return cls(text, match[1])


class Group(msgspec.Struct, frozen=True):
    """A group of metrics that one request can ask for.

    Attributes:
        name: for messages.
        aggregate: what Azure makes of the measurements of a minute.
        units: the metrics, each with its unit.
        per_queue: Azure can tell queues apart.
    """

    name: str
    aggregate: Literal["total", "average", "maximum"]
    units: dict[str, str]
    per_queue: bool = True


GROUPS = (
    Group(
        "totals",
        "total",
        {
            "SuccessfulRequests": "count",
            "ServerErrors": "count",
            "UserErrors": "count",
            "ThrottledRequests": "count",
            "IncomingRequests": "count",
            "IncomingMessages": "count",
            "OutgoingMessages": "count",
            "CompleteMessage": "count",
            "AbandonMessage": "count",
        },
    ),
    Group(
        "averages",
        "average",
        {
            "ConnectionsOpened": "count",
            "ConnectionsClosed": "count",
            "Size": "bytes",
            "Messages": "count",
            "ActiveMessages": "count",
            "DeadletteredMessages": "count",
            "ScheduledMessages": "count",
            "ServerSendLatency": "ms",
        },
    ),
    Group("maxima", "maximum", {"ReplicationLagDuration": "seconds", "ReplicationLagCount": "count"}),
    Group(
        "totals of the namespace",
        "total",
        {"ActiveConnections": "count", "PendingCheckpointOperationCount": "count"},
        per_queue=False,
    ),
)


def rows(namespace: Namespace, group: Group, result: MetricsQueryResult) -> Iterator[dict[str, object]]:
    """Yield a row for each minute that has a value."""
    for metric in result.metrics:
        for series in metric.timeseries:
            queue = _queue(series)
            for sample in series.data:
                value = getattr(sample, group.aggregate)
                if value is not None:
                    yield {
                        "id": _identity(namespace, queue, metric.name, sample.timestamp),
                        "createdAt": sample.timestamp,
                        "metric": metric.name,
                        "queue": queue,
                        "value": value,
                        "unit": group.units[metric.name],
                        "metadata": {"namespace": namespace.name},
                    }


def _queue(series: TimeSeriesElement) -> str | None:
    """Return the queue of a series; None if it is about the namespace as a whole."""
    found = (value for name, value in series.metadata_values.items() if name.lower() == DIMENSION.lower())
    queue = next(found, None)
    return None if queue == _OF_THE_NAMESPACE else queue


def _identity(namespace: Namespace, queue: str | None, metric: str, minute: datetime) -> str:
    """Make 24 hexadecimal characters that are the same whenever the sample is collected."""
    sample = msgspec.json.encode([namespace.id.lower(), queue, metric, minute])
    return hashlib.blake2b(sample, digest_size=12).hexdigest()
