"""Ingest of facts as JSON (`docs/specifications/interface.md`, "Ingest of facts as JSON")."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec

from meterd.access import Caller, Scope
from meterd.access.authentication import Authenticator
from meterd.api.gateway.datasource import Datasource
from meterd.api.http import LONGEST_KEY, Answer, Decoding, HotRoute, Request, plain_error
from meterd.datasets import Column, Dataset, Kind
from meterd.errors import InvalidInput
from meterd.ingest.facts import Receipt, Submission
from meterd.ingest.recorder import Recorder
from meterd.ingest.rows import facts_from_json, rows_from_json
from meterd.settings import Ingest

PATH = "/api/svc/v1/llm-gateway/metrics/ingest"


Take = Callable[[Dataset, Sequence[Any], Caller, bytes | None, bytes], Awaitable[Receipt]]
"""Makes rows durable that are about something of which somebody else keeps account: with the key and the answer."""


class GatewayIngest:
    """Takes rows of any datasource that has facts of its own. Those of the datasets in `keepers` go through these."""

    def __init__(
        self,
        authenticator: Authenticator,
        recorder: Recorder,
        datasources: Mapping[str, Datasource],
        limits: Ingest,
        decoding: Decoding,
        keepers: Mapping[str, Take],
    ) -> None:
        self._authenticator = authenticator
        self._recorder = recorder
        self._keepers = keepers
        self._limits = limits
        self._decoding = decoding
        self._datasources = {name: each for name, each in datasources.items() if each.ingest}

    def routes(self) -> list[HotRoute]:
        return [HotRoute("POST", PATH, self.ingest, plain_error, _operation(self._datasources))]

    async def ingest(self, request: Request) -> Answer:
        """All rows of the request or none; the answer is given when they are durable."""
        caller = await self._authenticator.caller(request.header(b"authorization"))
        caller.require(Scope.INGEST)
        datasource = self._datasource(request.query_string)
        key = request.key(PATH, datasource.name, caller.tenant, caller.subject_type, caller.subject)
        body = await request.body(self._limits.max_body_bytes)
        is_lines = "ndjson" in request.content_type.lower()
        most = self._limits.max_rows
        if take := self._keepers.get(datasource.dataset.name):
            rows = await self._decoding.run(body, rows_from_json, datasource.dataset, caller, is_lines, most)
            receipt = await take(datasource.dataset, rows, caller, key, _accepted(len(rows)))
            return Answer(body=receipt.answer)
        facts = await self._decoding.run(body, facts_from_json, datasource.dataset, caller, is_lines, most)
        answer = _accepted(facts.count)
        if facts.count == 0 and key is None:
            return Answer(body=answer)
        receipt = await self._recorder.record(Submission((facts,), key, answer))
        return Answer(body=receipt.answer)

    def _datasource(self, query_string: str) -> Datasource:
        sent = parse_qs(query_string).get("datasource", [])
        if len(sent) == 1 and sent[0] in self._datasources:
            return self._datasources[sent[0]]
        problem = f'Unknown datasource "{sent[0]}"' if sent else "Missing query parameter datasource"
        raise InvalidInput(f"{problem}: use ?datasource= with one of {', '.join(self._datasources)}")


def _accepted(count: int) -> bytes:
    return msgspec.json.encode({"accepted": count})


def _operation(datasources: Mapping[str, Datasource]) -> dict[str, Any]:
    rows = {"oneOf": [_row_schema(each) for each in datasources.values()]}
    return {
        "tags": ["Gateway metrics"],
        "summary": "Record facts",
        "description": "One object, an array, or NDJSON (`application/x-ndjson`); optionally compressed with gzip or "
        "zstd. A bad row refuses the whole request.",
        "parameters": [
            {"name": "datasource", "in": "query", "required": True,
             "schema": {"type": "string", "enum": list(datasources)}},
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": LONGEST_KEY},
             "description": "A repeated key within 24 h returns the first answer and adds nothing."},
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": [rows, {"type": "array", "items": rows}]}},
                "application/x-ndjson": {"schema": rows},
            },
        },
        "responses": {
            "200": {"description": "Durable: `{\"accepted\": N}`"},
            "400": {"description": "Bad row; the message names row (from 0) and field"},
            "401": {"description": "Missing or invalid token"},
            "403": {"description": "The token lacks a scope"},
            "413": {"description": "Body too large"},
            "503": {"description": "Can't be taken now; see Retry-After"},
        },
    }  # fmt: skip


_SCALARS: dict[Kind, dict[str, Any]] = {
    Kind.NUMBER: {"type": "number"},
    Kind.INTEGER: {"type": "integer"},
    Kind.UNSIGNED: {"type": "integer", "minimum": 0},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.TIME: {"type": "string", "format": "date-time"},
    Kind.NUMBERS: {"type": "array", "items": {"type": ["number", "null"]}},
    Kind.TEXT_MAP: {"type": "object", "additionalProperties": {"type": "string"}},
}


def _column_schema(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {"description": column.description}
    if column.allowed:
        return {"type": "string", "enum": list(column.allowed)} | described
    text = {"type": "string", "maxLength": column.most_characters}
    match column.kind:
        case Kind.TEXT:
            return text | described
        case Kind.TEXTS:
            return {"type": "array", "items": text} | described
        case Kind.JSON:
            return text | {"contentMediaType": "application/json"} | described
    bounds = {"minimum": column.minimum, "maximum": column.maximum}
    return _SCALARS[column.kind] | {name: bound for name, bound in bounds.items() if bound is not None} | described


def _row_schema(datasource: Datasource) -> dict[str, Any]:
    columns = [column for column in datasource.dataset.columns if not column.assigned]
    return {
        "title": datasource.name,
        "type": "object",
        "additionalProperties": False,
        "required": [column.member for column in columns if column.required],
        "properties": {column.member: _column_schema(column) for column in columns},
    }
