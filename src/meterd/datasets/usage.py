"""What the use of services is billed and watched by (`docs/specifications/usage-metrics.md` sections 3.1 and 5)."""

import secrets
from collections.abc import Callable
from typing import Any

from meterd.datasets.model import COMMON, Column, Dataset, Kind


def _of_type(type_: str) -> Callable[[Any], None]:
    """Fills in what every record has: an id, by which it is read, its type, its environment, and a value."""

    def fill(row: Any) -> None:
        if row.record_id is None:
            row.record_id = secrets.token_hex(12)
        if row.record_type is None:
            row.record_type = type_
        if row.environment is None:
            row.environment = PRODUCTION
        if row.value is None:
            row.value = 1

    return fill


PRODUCTION = "production"
"""The environment of whoever names none."""

_RECORD = (
    *COMMON,
    Column(
        "record_id",
        Kind.TEXT,
        "id of the record, its identity; default: a new one of 24 hexadecimal characters. Of a call to "
        "this service: the x-request-id of its answer",
        json="id",
    ),
    Column("record_type", Kind.TEXT, "api, process or message, as the dataset says; open set", json="type"),
    Column("environment", Kind.TEXT, f"environment it was made in; default: {PRODUCTION}"),
    Column("detail", Kind.TEXT, "description of the record"),
)
_COUNTED = Column("value", Kind.INTEGER, "value of the record; default: 1")

API_REQUESTS = Dataset(
    name="api_requests",
    description="One API call, whichever application made it.",
    columns=(
        *_RECORD,
        Column("service", Kind.TEXT, "service that was called"),
        Column("action", Kind.TEXT, "get, list, create, update, delete or function"),
        Column("method", Kind.TEXT, "HTTP method in lower case"),
        Column("key", Kind.TEXT, "id of the item in the request"),
        Column("application", Kind.TEXT, "application that made the call"),
        Column("http_status", Kind.INTEGER, "status of the answer", json="httpstatus"),
        Column("duration", Kind.INTEGER, "execution time in milliseconds"),
        Column("response_size", Kind.INTEGER, "size of the answer in bytes"),
        _COUNTED,
    ),
    identity=("record_id",),
    derive=_of_type("api"),
    packed=("ts", "record_id", "duration", "response_size"),
)

PROCESS_RUNS = Dataset(
    name="process_runs",
    description="One execution of a process.",
    columns=(
        *_RECORD,
        Column("name", Kind.TEXT, "name of the process", required=True),
        Column("trigger", Kind.TEXT, "scheduled, manual or subscription; open set"),
        Column("status", Kind.TEXT, "success, failed or warning; open set"),
        Column("duration", Kind.INTEGER, "overall duration in milliseconds"),
        _COUNTED,
    ),
    identity=("record_id",),
    derive=_of_type("process"),
)

QUEUE_SAMPLES = Dataset(
    name="queue_samples",
    description="One sample of a metric of a message queue.",
    columns=(
        *_RECORD,
        Column("metric", Kind.TEXT, "name of the metric, such as ActiveMessages", required=True),
        Column("queue", Kind.TEXT, "name of the queue"),
        Column("value", Kind.NUMBER, "the sample", required=True),
        Column("unit", Kind.TEXT, "unit of the value"),
    ),
    identity=("record_id",),
    derive=_of_type("message"),
)
