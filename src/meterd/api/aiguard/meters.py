"""Facts from meter events as they are sent (`docs/specifications/ai-guard.md` sections 5 and 6)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from meterd.access import Caller
from meterd.datasets import MAXIMUM_UNSIGNED, METER_EVENTS, METERS
from meterd.errors import InvalidInput
from meterd.ingest.admission import Flaw, admission

if TYPE_CHECKING:
    from meterd.datasets.rows import MeterEvent as MeterEventRow

_REQUIRED = {
    meter: {key: attribute.column for key, attribute in attributes.items()} for meter, attributes in METERS.items()
}
_COLUMNS = {"classifier": "classifier"} | {key: column for each in _REQUIRED.values() for key, column in each.items()}
"""Where attributes of some meter are stored; on other meters they may be allowed extras."""
_ATTRIBUTES = {column: key for key, column in _COLUMNS.items()}
_admission = admission(METER_EVENTS)
_NAMED = 64
"""Characters of what was sent that a sentence about it repeats."""


class Meter(msgspec.Struct, frozen=True, gc=False):
    name: str
    value: str


class MeterEvent(msgspec.Struct, frozen=True, gc=False):
    """The body of `POST /metric`; members beyond these are ignored."""

    attributes: dict[str, str]
    meter: Meter


def meter_event_row(event: MeterEvent, caller: Caller, allowed: frozenset[str]) -> "MeterEventRow":
    """Return the fact that an event is, as a row of `METER_EVENTS`.

    Raises `InvalidInput` with the specified sentences.
    """
    required = _REQUIRED.get(event.meter.name)
    if required is None:
        raise InvalidInput(f"Unknown meter: {event.meter.name[:_NAMED]}")
    attributes, labels = event.attributes, None
    try:
        columns = {column: attributes[key] for key, column in required.items()}
    except KeyError as missing:
        raise InvalidInput(f"Missing attribute: {missing.args[0]}") from None
    if len(attributes) > len(required):
        others = {key: value for key, value in attributes.items() if key not in required}
        for key in others:
            if key not in allowed:
                raise InvalidInput(f"Attribute not allowed: {key[:_NAMED]}")
        more, labels = attribute_values(others)
        columns |= more
    row = METER_EVENTS.row_type(
        ts=datetime.now(UTC),
        subject=caller.subject,
        subject_type=caller.subject_type,
        teams=caller.teams or None,
        metadata=labels,
        meter=event.meter.name,
        value=_meter_value(event.meter.value),
        **columns,
    )
    if flaw := _admission.flaw(row):
        raise refusal(flaw)
    return row


def refusal(flaw: Flaw) -> InvalidInput:
    """Return the specified sentence about an attribute with a value that it may not have."""
    key = _ATTRIBUTES.get(flaw.column.name) or flaw.place.removeprefix(".") or flaw.column.member
    return InvalidInput(f"Invalid value for {key}: {flaw.reason}")


def attribute_values(attributes: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str] | None]:
    """Return the attributes that are columns, by column, and the others, which are labels, if there are any."""
    columns = {_COLUMNS[key]: value for key, value in attributes.items() if key in _COLUMNS}
    return columns, {key: value for key, value in attributes.items() if key not in _COLUMNS} or None


def _meter_value(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 32 and (value := int(text)) <= MAXIMUM_UNSIGNED:
        return value
    raise InvalidInput(f"Invalid meter value: {text[:_NAMED]}")
