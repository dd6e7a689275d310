"""Ingest of facts as JSON (`docs/specifications/interface.md`, "Ingest of facts as JSON")."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import msgspec

from meterd.access import Caller, Scope
from meterd.access.authentication import Authenticator
from meterd.api.bodies import DecodeLimiter
from meterd.api.gateway.datasource import Datasource
from meterd.api.gateway.openapi import ingest_operation
from meterd.api.http import HotRoute, Request, Response, json_response, plain_error
from meterd.datasets import Dataset
from meterd.errors import InvalidInput
from meterd.ingest.facts import Receipt, Submission
from meterd.ingest.recorder import Recorder
from meterd.ingest.rows import facts_from_json, rows_from_json
from meterd.settings import Ingest

if TYPE_CHECKING:
    from meterd.datasets.rows import Row

PATH = "/api/svc/v1/llm-gateway/metrics/ingest"


Take = Callable[["Dataset", "Sequence[Row]", Caller, bytes | None, bytes], Awaitable[Receipt]]
"""Makes rows durable that are about something of which somebody else keeps account: with the key and the answer."""


class GatewayIngest:
    """Takes rows of any datasource that has facts of its own. Those of the datasets in `keepers` go through these."""

    def __init__(
        self,
        authenticator: Authenticator,
        recorder: Recorder,
        datasources: Mapping[str, Datasource],
        limits: Ingest,
        decoding: DecodeLimiter,
        keepers: Mapping[str, Take],
    ) -> None:
        self._authenticator = authenticator
        self._recorder = recorder
        self._keepers = keepers
        self._limits = limits
        self._decoding = decoding
        self._datasources = {name: each for name, each in datasources.items() if each.ingest}

    def routes(self) -> list[HotRoute]:
        return [HotRoute("POST", PATH, self.ingest, plain_error, ingest_operation(self._datasources))]

    async def ingest(self, request: Request) -> Response:
        """Record all rows of the request or none; the answer is given when they are durable."""
        caller = await self._authenticator.identify(request.context, request.header(b"authorization"))
        caller.require(Scope.INGEST)
        datasource = self._datasource(request.query_string)
        key = request.key(PATH, datasource.name, caller.tenant, caller.subject_type, caller.subject)
        body = await request.body(self._limits.max_body_bytes)
        is_lines = "ndjson" in request.content_type.lower()
        maximum = self._limits.max_rows
        if take := self._keepers.get(datasource.dataset.name):
            rows = await self._decoding.run(body, rows_from_json, datasource.dataset, caller, is_lines, maximum)
            receipt = await take(datasource.dataset, rows, caller, key, _accepted(len(rows)))
            return _response(receipt)
        facts = await self._decoding.run(body, facts_from_json, datasource.dataset, caller, is_lines, maximum)
        response = _accepted(facts.count)
        if facts.count == 0 and key is None:
            return Response(body=response)
        receipt = await self._recorder.record(Submission((facts,), key, response))
        return _response(receipt)

    def _datasource(self, query_string: str) -> Datasource:
        sent = parse_qs(query_string).get("datasource", [])
        if len(sent) == 1 and sent[0] in self._datasources:
            return self._datasources[sent[0]]
        problem = f'Unknown datasource "{sent[0]}"' if sent else "Missing query parameter datasource"
        raise InvalidInput(f"{problem}: use ?datasource= with one of {', '.join(self._datasources)}")


def _response(receipt: Receipt) -> Response:
    """Return the answer that was prepared, and how many of its rows were known already, if any were."""
    if not receipt.known:
        return Response(body=receipt.response)
    return json_response(200, msgspec.json.decode(receipt.response) | {"duplicates": receipt.known})


def _accepted(count: int) -> bytes:
    return msgspec.json.encode({"accepted": count})
