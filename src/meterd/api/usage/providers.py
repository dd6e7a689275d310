"""Providers of metrics, as tables (`docs/specifications/usage-metrics.md` section 5)."""

import msgspec

from meterd.datasets import API_REQUESTS, PROCESS_RUNS, QUEUE_SAMPLES, Dataset
from meterd.datasets.usage import CALL, SENT
from meterd.errors import InvalidInput
from meterd.query.model import And, Compare, Comparison, Condition, Field, IsNull, OneOf, Or


class Metric(msgspec.Struct, frozen=True):
    """A metric of a provider.

    Attributes:
        name: its name in requests.
        description: what a value is.
        unit: what it is counted or measured in.
        value: the column that holds a record's value; None for 1 each.
        records: which records it is made from; None for all.
    """

    name: str
    description: str
    unit: str
    value: str | None = None
    records: Condition | None = None


class Provider(msgspec.Struct, frozen=True):
    """Metrics of the records of one dataset, or of those that fit the condition `records`. `has_levels`: an address
    narrows it to a service or an item.
    """

    name: str
    dataset: Dataset
    metrics: tuple[Metric, ...]
    records: Condition | None = None
    has_levels: bool = False


BILLED = And(
    (
        Or((IsNull(Field("origin")), Compare(Field("origin"), Comparison.NOT_EQUAL, SENT))),
        Or((IsNull(Field("record_type")), Compare(Field("record_type"), Comparison.EQUAL, CALL))),
    )
)
"""Calls that this service measured, or that were sent by who may speak for others. What an ordinary token sent is
listed, and counts in no bill. Records of older versions don't say where they come from. Records of storage or of a
subscription are no calls."""
_METHOD = Field("method")
_READ = OneOf(_METHOD, ("get",))
_WRITE = OneOf(_METHOD, ("post", "put"))
_DELETE = OneOf(_METHOD, ("delete",))


def _sample(name: str, unit: str, description: str) -> Metric:
    return Metric(name, description, unit, "value", Compare(Field("metric"), Comparison.EQUAL, name))


PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider(
            "ODSLRequest",
            API_REQUESTS,
            (
                Metric("ReadRequests", "Read requests", "count", None, _READ),
                Metric("ReadRequestDuration", "Execution time of read requests", "ms", "duration", _READ),
                Metric("ReadRequestResponseSize", "Size of answers to read requests", "bytes", "response_size", _READ),
                Metric("WriteRequests", "Requests that create or update", "count", None, _WRITE),
                Metric("DeleteRequests", "Requests that delete", "count", None, _DELETE),
            ),
            BILLED,
            has_levels=True,
        ),
        Provider(
            "ODSLProcess",
            PROCESS_RUNS,
            (
                Metric("RunRequests", "Executions of processes", "count"),
                Metric("RunRequestDuration", "Overall duration of executions", "ms", "duration"),
            ),
        ),
        Provider(
            "AzureServiceBus",
            QUEUE_SAMPLES,
            (
                _sample("SuccessfulRequests", "count", "Requests that succeeded"),
                _sample("ServerErrors", "count", "Requests that failed because of the service"),
                _sample("UserErrors", "count", "Requests that failed because of the caller"),
                _sample("ThrottledRequests", "count", "Requests that were throttled"),
                _sample("IncomingRequests", "count", "Requests made to the service"),
                _sample("IncomingMessages", "count", "Messages sent to the service"),
                _sample("OutgoingMessages", "count", "Messages received from the service"),
                _sample("ActiveConnections", "count", "Open connections"),
                _sample("ConnectionsOpened", "count", "Connections opened"),
                _sample("ConnectionsClosed", "count", "Connections closed"),
                _sample("Size", "bytes", "Size of the entity"),
                _sample("Messages", "count", "Messages in the entity"),
                _sample("ActiveMessages", "count", "Messages ready to be received"),
                _sample("DeadletteredMessages", "count", "Messages in the dead-letter queue"),
                _sample("ScheduledMessages", "count", "Messages scheduled for later"),
                _sample("CompleteMessage", "count", "Messages completed"),
                _sample("AbandonMessage", "count", "Messages abandoned"),
                _sample("PendingCheckpointOperationCount", "count", "Checkpoint operations that are pending"),
                _sample("ServerSendLatency", "ms", "Latency of sending"),
                _sample("ReplicationLagDuration", "seconds", "Time by which replication lags"),
                _sample("ReplicationLagCount", "count", "Messages by which replication lags"),
            ),
        ),
    )
}


def provider_named(name: str) -> Provider:
    """Find a provider. Raises `InvalidInput` with the providers that there are."""
    if name not in PROVIDERS:
        raise InvalidInput(f"there is no provider {name!r}: use one of {', '.join(PROVIDERS)}")
    return PROVIDERS[name]


def metric_named(provider: Provider, name: str) -> Metric:
    """Find a metric. Raises `InvalidInput` with the metrics that the provider has."""
    for metric in provider.metrics:
        if metric.name == name:
            return metric
    names = ", ".join(metric.name for metric in provider.metrics)
    raise InvalidInput(f"{provider.name} has no metric {name!r}: use one of {names}")
