"""The operation that LiteLLM's callback uses."""

import msgspec

from meterd.api.openapi import PLAIN_ERRORS, Media, Operation


class Reported(msgspec.Struct, frozen=True):
    """Rows that were taken, and elements that could not be used."""

    accepted: int
    skipped: int


INGEST = Operation(
    "ingestLiteLLM",
    "LiteLLM",
    "Record what LiteLLM's generic API callback sends",
    PLAIN_ERRORS,
    "An array of payloads, one payload, or one a line; optionally compressed. Elements that can't be used are left out "
    "and counted.",
    body=(
        Media({}, example=[]),
        Media({"type": "string"}, "application/x-ndjson"),
    ),
    responses=(Media(Reported),),
)
