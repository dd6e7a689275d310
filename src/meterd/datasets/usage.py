"""What the use of services is billed and watched by (`docs/specifications/usage-metrics.md` sections 3.1 and 5)."""

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from meterd.datasets.model import COMMON, MAX_DURATION, MAX_STATUS, MIN_STATUS, Column, Dataset, Kind

if TYPE_CHECKING:
    from meterd.datasets.rows import ApiRequest, ProcessRun, QueueSample

    _Record = ApiRequest | ProcessRun | QueueSample


def _of_type(type_: str) -> "Callable[[_Record], None]":
    """Fill in what every record has: an id, by which it is read, its type, its environment, and a value."""

    def fill(row: "_Record") -> None:
        if row.record_id is None:
            row.record_id = f"0{secrets.token_hex(12)[1:]}"
        if row.record_type is None:
            row.record_type = type_
        if row.environment is None:
            row.environment = PRODUCTION
        if row.value is None:
            row.value = 1

    return fill


CALL = "api"
"""The type of a record of a call."""
PRODUCTION = "production"
"""The environment of whoever names none."""
MEASURED, VOUCHED, SENT = "measured", "vouched", "sent"
"""Where a record comes from: this service, a sender who may speak for others, any other sender."""
OWN_ID = "f" * 8
"""How the ids begin that this service gives to calls, and nobody else may send. An ObjectId, which has as many digits,
begins with its time, and with this not before the year 2106; a digest does once in four billion."""
_OWN_IDS = re.compile(f"{OWN_ID}[0-9a-f]{{16}}")


def _rule(row: "_Record") -> tuple[str, str] | None:
    """Refuse a record that would pass for a call that this service recorded."""
    if row.origin != MEASURED and row.record_id is not None and _OWN_IDS.fullmatch(row.record_id):
        return "record_id", f"of 24 hexadecimal digits must not begin with {OWN_ID}: such are ids of recorded calls"
    return None


_RECORD = (
    *COMMON,
    Column(
        "record_id",
        Kind.TEXT,
        "id of the record, its identity; default: a new one of 24 hexadecimal characters. Of a call to "
        "this service: the x-request-id of its answer",
        json="id",
        derived=True,
    ),
    Column(
        "record_type",
        Kind.TEXT,
        "api, process or message, as the dataset says; open set",
        json="type",
        derived=True,
        few=True,
    ),
    Column("environment", Kind.TEXT, f"environment it was made in; default: {PRODUCTION}", derived=True, few=True),
    Column("detail", Kind.TEXT, "description of the record"),
    Column(
        "origin",
        Kind.TEXT,
        "where the record comes from: measured by this service, or sent to it, by a sender who may speak for others "
        "(the scope ingest:any-subject) or not",
        allowed=(MEASURED, VOUCHED, SENT),
        assigned=True,
    ),
)
_MAX_VALUE = 10**15
"""Bytes of an answer, and what a record counts: sums stay exact."""
_COUNTED = Column("value", Kind.INTEGER, "value of the record; default: 1", minimum=0, maximum=_MAX_VALUE, derived=True)


def _duration(description: str) -> Column:
    return Column("duration", Kind.INTEGER, description, minimum=0, maximum=MAX_DURATION)


API_REQUESTS: "Dataset[ApiRequest]" = Dataset(
    name="api_requests",
    description="One API call, whichever application made it.",
    columns=(
        *_RECORD,
        Column("service", Kind.TEXT, "service that was called", few=True),
        Column("action", Kind.TEXT, "get, list, create, update, delete or function", few=True),
        Column("method", Kind.TEXT, "HTTP method in lower case", few=True),
        Column("key", Kind.TEXT, "id of the item in the request"),
        Column("application", Kind.TEXT, "application that made the call", few=True),
        Column(
            "http_status",
            Kind.INTEGER,
            "status of the answer",
            json="httpstatus",
            minimum=MIN_STATUS,
            maximum=MAX_STATUS,
        ),
        _duration("execution time in milliseconds"),
        Column("response_size", Kind.INTEGER, "size of the answer in bytes", minimum=0, maximum=_MAX_VALUE),
        _COUNTED,
    ),
    identity=("record_id", "environment"),
    derive=_of_type(CALL),
    rule=_rule,
    packed=("ts", "record_id", "duration", "response_size"),
)

PROCESS_RUNS: "Dataset[ProcessRun]" = Dataset(
    name="process_runs",
    description="One execution of a process.",
    columns=(
        *_RECORD,
        Column("name", Kind.TEXT, "name of the process", required=True, few=True),
        Column("trigger", Kind.TEXT, "scheduled, manual or subscription; open set", few=True),
        Column("status", Kind.TEXT, "success, failed or warning; open set", few=True),
        _duration("overall duration in milliseconds"),
        _COUNTED,
    ),
    identity=("record_id", "environment"),
    derive=_of_type("process"),
    rule=_rule,
)

QUEUE_SAMPLES: "Dataset[QueueSample]" = Dataset(
    name="queue_samples",
    description="One sample of a metric of a message queue.",
    columns=(
        *_RECORD,
        Column("metric", Kind.TEXT, "name of the metric, such as ActiveMessages", required=True, few=True),
        Column("queue", Kind.TEXT, "name of the queue", few=True),
        Column("value", Kind.NUMBER, "the sample", required=True, minimum=0, maximum=_MAX_VALUE),
        Column("unit", Kind.TEXT, "unit of the value", few=True),
    ),
    identity=("record_id", "environment"),
    derive=_of_type("message"),
    rule=_rule,
)
