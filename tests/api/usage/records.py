"""Records of 20 November 2024 in an environment of its own, for tests that ask about them."""

from typing import Any

from tests.api.usage.environment import Environment
from tests.process import Meterd

Record = dict[str, Any]

TABLE: list[tuple[Any, ...]] = [
    ("09:00:00.000", "object", "get", "list", None, 200, 12, 2000, "api"),
    ("09:10:00.500", "object", "get", "get", "ICE.NDEX.NLB", 200, 7, 500, "api"),
    ("09:59:59.999", "object", "get", "get", "ICE.NDEX.NLB", 404, 3, 40, "portal"),
    ("10:00:00.000", "object", "post", "create", "AAA/B C", 200, 30, 700, "api"),
    ("11:30:00.000", "calendar", "get", "get", "#HENG", 200, 5, 900, "api"),
    ("11:30:00.001", "calendar", "get", "get", "#HENG", 200, 15, 901, "portal"),
    ("12:00:00.000", "data", "get", "get", "AAA:READS", 400, None, None, "="),
    ("13:00:00.000", "data", "delete", "delete", "<AAA>&\"'", 405, 1, 10, "api"),
    ("14:00:00.000", "object", "put", "update", "AAA/B C", 500, 2, 20, "Ünï"),
]
_FIELDS = ("timestamp", "service", "method", "action", "key", "httpstatus", "duration", "responseSize", "application")


def ingested(server: Meterd, environment: Environment, token: str = "", user: str = "root") -> list[Record]:
    """Send the table; returns the records as the metric service must show them, the newest first."""
    rows = [dict(zip(_FIELDS, row, strict=True)) for row in TABLE]
    records = []
    for number, row in enumerate(rows):
        id_ = f"{environment.name}-{number}"
        own = {
            "_id": id_,
            "timestamp": f"2024-11-20T{row.pop('timestamp')}Z",
            "type": "api",
            "user": user,
            "environment": environment.name,
            "detail": f"row {number}",
            "value": 1,
            "invocationId": id_,
        }
        records.append(own | {name: value for name, value in row.items() if value is not None})
    wire = {"_id": "id", "timestamp": "createdAt", "user": "createdBySubjectSlug"}
    sent = [
        {wire.get(name, name): value for name, value in record.items() if name != "invocationId"} for record in records
    ]
    response = server.ingest(sent, "requestMetrics", token)
    assert 200 == response.status_code, response.text
    return records[::-1]
