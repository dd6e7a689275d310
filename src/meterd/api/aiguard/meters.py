"""The submittable meters and the rules for their attributes (`docs/specifications/ai-guard.md` sections 5 and 6), as
declarations.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from meterd.access import Caller
from meterd.datasets import MAXIMUM_UNSIGNED, METER_EVENTS
from meterd.errors import InvalidInput

PLATFORMS = frozenset({"AMAZON_BEDROCK", "AMAZON_SAGEMAKER", "AZURE_FOUNDRY", "DATABRICKS", "GCP_VERTEX"})
ACTORS = frozenset({"user", "agent"})


class Attribute(msgspec.Struct, frozen=True):
    """An attribute that a meter requires: its column, and the closed set of values if it has one."""

    column: str
    values: frozenset[str] | None = None


_COMMON = {"agent_id": Attribute("agent"), "platform": Attribute("platform", PLATFORMS)}

METERS: dict[str, dict[str, Attribute]] = {
    "ai_guard.agent": _COMMON,
    "ai_guard.user": _COMMON | {"new_session": Attribute("new_session", frozenset({"true", "false"}))},
    "ai_guard.redact": _COMMON
    | {"action": Attribute("action", frozenset({"redact", "block"})), "actor": Attribute("actor", ACTORS)},
}
"""Required attributes of each meter that clients may submit; ai_guard.classification is counted by the service."""


_COLUMNS = {"classifier": "classifier"} | {
    key: attribute.column for meter in METERS.values() for key, attribute in meter.items()
}
"""Where attributes of some meter are stored; on other meters they may be allowed extras."""


class Meter(msgspec.Struct, frozen=True, gc=False):
    name: str
    value: str


class MeterEvent(msgspec.Struct, frozen=True, gc=False):
    """The body of `POST /metric`; members beyond these are ignored."""

    attributes: dict[str, str]
    meter: Meter


def meter_event_row(event: MeterEvent, caller: Caller, allowed: frozenset[str]) -> msgspec.Struct:
    """The fact that an event is, as a row of `METER_EVENTS`. Raises `InvalidInput` with the specified sentences."""
    required = METERS.get(event.meter.name)
    if required is None:
        raise InvalidInput(f"Unknown meter: {event.meter.name}")
    attributes = event.attributes
    columns: dict[str, str] = {}
    for key, attribute in required.items():
        value = attributes.get(key)
        if value is None:
            raise InvalidInput(f"Missing attribute: {key}")
        if attribute.values is not None and value not in attribute.values:
            raise InvalidInput(f"Invalid value for {key}: {value!r}, use one of {', '.join(sorted(attribute.values))}")
        columns[attribute.column] = value
    extra: dict[str, str] = {}
    if len(attributes) > len(required):
        others = {key: value for key, value in attributes.items() if key not in required}
        for key in others:
            if key not in allowed:
                raise InvalidInput(f"Attribute not allowed: {key}")
        more, extra = attribute_values(others)
        columns |= more
    return METER_EVENTS.row_type(
        ts=datetime.now(UTC),
        subject=caller.subject,
        subject_type=caller.subject_type,
        teams=caller.teams or None,
        metadata=extra or None,
        meter=event.meter.name,
        value=_meter_value(event.meter.value),
        **columns,
    )


def attribute_values(attributes: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Attributes that are columns, by column, and the others, which are labels."""
    columns = {_COLUMNS[key]: value for key, value in attributes.items() if key in _COLUMNS}
    return columns, {key: value for key, value in attributes.items() if key not in _COLUMNS}


def _meter_value(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 32 and (value := int(text)) <= MAXIMUM_UNSIGNED:
        return value
    raise InvalidInput(f"Invalid meter value: {text[:64]}")
