"""The operations of OTLP over HTTP."""

import msgspec

from meterd.api.openapi import BINARY, OBJECT, Media, Operation

PROTOBUF = "application/x-protobuf"
_KEPT = {
    "traces": "GenAI spans become facts, others are left out.",
    "metrics": "Points become facts.",
    "logs": "Nothing is kept: every record is rejected.",
}


class RPCStatus(msgspec.Struct, frozen=True):
    """`google.rpc.Status`."""

    code: int
    message: str


def export_operation(signal: str) -> Operation:
    return Operation(
        f"export{signal.capitalize()}",
        "OpenTelemetry",
        f"OTLP export of {signal}",
        (Media(RPCStatus), Media(BINARY, PROTOBUF)),
        _KEPT[signal],
        body=(Media(OBJECT, example={}), Media(BINARY, PROTOBUF)),
        success="Durable; `partialSuccess` says what was rejected",
        responses=(Media(OBJECT), Media(BINARY, PROTOBUF)),
        statuses={415: "Neither protobuf nor JSON"},
    )
