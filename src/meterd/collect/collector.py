"""Collects samples of Azure Monitor, minute by minute, for a meterd server."""

import logging
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import AzureError
from azure.monitor.querymetrics import MetricsClient

from meterd.client import Client
from meterd.collect.servicebus import DIMENSION, GROUPS, PROVIDER, QUEUES, Group, Namespace, rows

log = logging.getLogger(__name__)

SETTLING = timedelta(minutes=5)
"""A minute's values still change for about three minutes; a fact does not, so it is made later than that."""

LOOK_BACK = timedelta(hours=3)
"""How far back to begin. Must stay well below the time for which a server remembers ids: 24 hours by default."""

_OVERLAP = timedelta(minutes=10)
"""What is collected again each time, because Azure may have left out samples that come late."""

_MAX_WINDOW = timedelta(hours=1)
"""Of one request, so that answers stay small."""

_MAX_QUEUES = 10_000
"""As many as a namespace can have. Azure answers for 10 queues unless the request says otherwise."""


class CollectionFailed(Exception):
    """Azure Monitor gave no samples."""


class Collector:
    """Collects one namespace. What a failure leaves out is collected the next time, up to `LOOK_BACK`."""

    def __init__(
        self, monitor: MetricsClient, client: Client, namespace: Namespace, environment: str | None = None
    ) -> None:
        """Collect for a client. Samples are made in `environment`; None leaves that to the server."""
        self._monitor = monitor
        self._client = client
        self._namespace = namespace
        self._common = {"environment": environment} if environment else {}
        self._reached: dict[str, datetime] = {}

    def collect(self, now: datetime) -> None:
        """Return when the samples of all settled minutes are stored; those of a group that fails are left out.

        Raises:
            CollectionFailed: every group fails.
            MeterdClientError: as `Client.ingest` and `Client.flush`.
        """
        end = now.astimezone(UTC).replace(second=0, microsecond=0) - SETTLING
        failures = []
        for group in GROUPS:
            try:
                self._collect_group(group, end)
            except CollectionFailed as error:
                failures.append(error)
                log.warning("%s are not collected: %s", group.name, error)
        if len(failures) == len(GROUPS):
            raise failures[0]
        self._client.flush()

    def _collect_group(self, group: Group, end: datetime) -> None:
        earliest = end - LOOK_BACK
        start = max(self._reached.get(group.name, earliest) - _OVERLAP, earliest)
        while start < end:
            stop = min(start + _MAX_WINDOW, end)
            self._client.ingest(QUEUES, self._rows(group, start, stop))
            self._reached[group.name] = start = stop

    def _rows(self, group: Group, start: datetime, stop: datetime) -> list[dict[str, object]]:
        try:
            results = self._monitor.query_resources(
                resource_ids=[self._namespace.id],
                metric_namespace=PROVIDER,
                metric_names=list(group.units),
                timespan=(start, stop),
                granularity=timedelta(minutes=1),
                aggregations=[group.aggregate],
                filter=f"{DIMENSION} eq '*'" if group.per_queue else None,
                max_results=_MAX_QUEUES if group.per_queue else None,
            )
            return [row | self._common for result in results for row in rows(self._namespace, group, result)]
        except AzureError as error:
            raise CollectionFailed(error.message.partition("\n")[0]) from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:  # the library reads answers unchecked
            raise CollectionFailed(f"the answer is not one of Azure Monitor's: {error!r}") from error
