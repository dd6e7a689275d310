"""The operations of AI Guard."""

from collections.abc import Collection

import msgspec

from meterd.api.aiguard.classifications import ClassificationBody
from meterd.api.openapi import IDEMPOTENCY_KEY, PLAIN_ERRORS, TEXT, Media, Operation
from meterd.classify import Match
from meterd.datasets import MAX_LABEL_LENGTH, METER_EVENTS, METERS, Attribute

_TAG = "AI Guard"
_TIME_OUT_STATUS = 500  # `docs/specifications/ai-guard.md` section 2


class Classified(msgspec.Struct, frozen=True):
    """The context as it was sent, and the matches with offsets in code points."""

    context: dict[str, str]
    matches: list[Match]


def _event(meter: str, allowed: Collection[str]) -> dict[str, object]:
    """Return the schema of an event of one meter: its required attributes, and `metrics.allowed-attributes`."""
    required = {key: _attribute(attribute) for key, attribute in METERS[meter].items()}
    properties = dict.fromkeys(allowed, TEXT | {"maxLength": MAX_LABEL_LENGTH}) | required
    return {
        "type": "object",
        "title": meter,
        "required": ["attributes", "meter"],
        "properties": {
            "attributes": {
                "type": "object",
                "required": list(required),
                "properties": properties,
                "additionalProperties": False,
            },
            "meter": {
                "type": "object",
                "required": ["name", "value"],
                "properties": {
                    "name": {"type": "string", "const": meter},
                    "value": {"type": "string", "pattern": "^[0-9]{1,19}$", "description": "A whole number"},
                },
            },
        },
    }


def _attribute(attribute: Attribute) -> dict[str, object]:
    if attribute.values:
        return TEXT | {"enum": sorted(attribute.values)}
    return TEXT | {"maxLength": METER_EVENTS.by_name[attribute.column].max_characters}


def metric_operation(allowed: Collection[str]) -> Operation:
    return Operation(
        "recordMeterEvent",
        _TAG,
        "Record one meter event",
        PLAIN_ERRORS,
        body=(
            Media(
                {"oneOf": [_event(meter, allowed) for meter in METERS]},
                example={
                    "attributes": {"agent_id": "billing-bot", "platform": "GCP_VERTEX"},
                    "meter": {"name": "ai_guard.agent", "value": "1234"},
                },
            ),
        ),
        success="Durable; the body is empty",
        time_out_status=_TIME_OUT_STATUS,
    )


CLASSIFY = Operation(
    "classifyText",
    _TAG,
    "Find personal data and secrets in a text",
    PLAIN_ERRORS,
    parameters=(IDEMPOTENCY_KEY,),
    body=(
        Media(
            ClassificationBody,
            example={
                "context": {"actor": "user", "agent_id": "billing-bot", "platform": "DATABRICKS"},
                "classifierDescription": {"type": "default"},
                "structured": False,
                "text": "phone 321-507-0525 number",
            },
        ),
    ),
    success="What was found; it is counted durably",
    responses=(Media(Classified),),
    time_out_status=_TIME_OUT_STATUS,
    statuses={
        502: "The profiles can't be read",
    },
)
HEALTH = Operation(
    "aiGuardHealth",
    _TAG,
    "Is the service ready",
    PLAIN_ERRORS,
    success="Ready; the body is empty",
    is_open=True,
    time_out_status=_TIME_OUT_STATUS,
)
