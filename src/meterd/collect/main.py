"""The program behind `meterd collect azure-service-bus`."""

import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime
from typing import NoReturn

from azure.identity import DefaultAzureCredential
from azure.monitor.querymetrics import MetricsClient

from meterd.client import Client
from meterd.client.errors import MeterdClientError
from meterd.collect.collector import CollectionFailed, Collector
from meterd.collect.servicebus import Namespace

log = logging.getLogger(__name__)

_PATIENCE = 10.0
"""Seconds for which a request to meterd is tried again; what isn't delivered then waits for the next collection."""


def run(url: str | None, namespace: str, endpoint: str, interval: float, environment: str | None) -> NoReturn:
    """Collect until SIGTERM or SIGINT, and end the process with status 0.

    If the first collection fails, something is most likely set wrong: that is a sentence and status 1. Later ones may
    fail. Nothing is delivered at the end, because the next start collects it again.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("meterd.client").setLevel(logging.INFO)  # so that each retry is said
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell lets its background ignore the first
        signal.signal(number, signal.default_int_handler)
    status = 0
    try:
        parsed = Namespace.parse(namespace)
        client = Client(url, retry_timeout=_PATIENCE)
        with (
            DefaultAzureCredential() as credential,
            MetricsClient(endpoint, credential, retry_total=3, read_timeout=60) as monitor,
        ):
            _collect(Collector(monitor, client, parsed, environment), interval)
    except KeyboardInterrupt:
        pass
    except (CollectionFailed, MeterdClientError, ValueError) as error:
        sys.stderr.write(f"meterd: {error}\n")
        status = 1
    sys.stderr.flush()
    os._exit(status)


def _collect(collector: Collector, interval: float) -> NoReturn:
    collector.collect(datetime.now(UTC))
    while True:
        time.sleep(interval)
        try:
            collector.collect(datetime.now(UTC))
        except (CollectionFailed, MeterdClientError) as error:
            log.warning("a collection failed: %s", error)
        except Exception:
            log.exception("a collection failed unexpectedly; the next one makes up for it")
