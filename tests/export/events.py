"""Meter events as rows, and as bodies of `POST /metric`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from meterd.export.series import Window

HOUR = Window(datetime(2026, 5, 1, 10, tzinfo=UTC), datetime(2026, 5, 1, 11, tzinfo=UTC))


def event(meter: str, value: int, minutes: float = 0, tenant: str = "acme", **columns: Any) -> dict[str, Any]:
    """A row of the store, some minutes after the start of `HOUR`."""
    common = {"agent": "bot", "platform": "DATABRICKS", "createdBySubjectSlug": "ann", "createdBySubjectType": "user"}
    at = HOUR.start + timedelta(minutes=minutes)
    return common | {"tenant": tenant, "createdAt": at, "meter": meter, "value": value} | columns


def body(meter: str, value: int, agent: str = "bot", **attributes: str) -> dict[str, Any]:
    """A body of `POST /metric`."""
    common = {"agent_id": agent, "platform": "DATABRICKS"}
    return {"attributes": common | attributes, "meter": {"name": meter, "value": str(value)}}
