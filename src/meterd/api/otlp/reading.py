"""What becomes of an export: a function of its body, so that a helper may read it (`meterd.api.helper`)."""

from collections import Counter

import msgspec

from meterd.access import Caller
from meterd.api.otlp.damage import Damage
from meterd.api.otlp.decoding import decode, decode_whole
from meterd.api.otlp.messages import SIGNALS, AnyMessage
from meterd.api.otlp.points import add_points
from meterd.api.otlp.traces import add_traces
from meterd.errors import InvalidInput
from meterd.ingest.facts import Facts
from meterd.ingest.reports import Report
from meterd.settings import Ingest, Settings

_NO_LOGS = "log records are not kept: they hold prompts and answers"


class Export(msgspec.Struct, frozen=True):
    """Of an export all but its body; `received` bytes came in, compressed or not."""

    caller: Caller
    signal: str
    is_json: bool
    received: int


class Reading(msgspec.Struct, frozen=True):
    """Facts of an export, and counts: of elements that are rejected, by reason; of values that are left out, by member;
    of spans that are no fact, by what they are.

    `has_litellm` tells that LiteLLM sent spans of it.
    """

    facts: tuple[Facts, ...]
    rejected: dict[str, int]
    left_out: dict[str, int]
    members_left_out: dict[str, int]
    spans_left_out: dict[str, int]
    has_litellm: bool


class Reader(msgspec.Struct, frozen=True):
    """Reads exports by the settings that concern them."""

    limits: Ingest
    metadata_attributes: tuple[str, ...]
    point_attributes: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> "Reader":
        otlp = settings.otlp
        return cls(settings.ingest, otlp.metadata_attributes, frozenset(otlp.point_attributes))

    def read(self, body: bytes, export: Export) -> Reading:
        """Read as much as can be used. Raises `InvalidInput` when that is nothing, and `TooLarge`."""
        return self._reading(*decode(SIGNALS[export.signal], body, export.is_json), export)

    def read_whole(self, body: bytes, export: Export) -> Reading | None:
        """Read an export without damage; None for every other. Raises `TooLarge`."""
        try:
            request = decode_whole(SIGNALS[export.signal], body, export.is_json)
        except InvalidInput:
            return None
        return self._reading(request, Damage(), export)

    def _reading(self, request: object, damage: Damage, export: Export) -> Reading:
        report = Report(export.caller, self.limits, export.received)
        spans_left_out: Counter[str] = Counter()
        has_litellm = False
        match export.signal:
            case "traces":
                rejected, has_litellm = add_traces(report, request, self.metadata_attributes, spans_left_out)
            case "metrics":
                rejected = add_points(report, request, self.point_attributes)
            case _:
                rejected = _refuse_logs(request)
        return Reading(
            report.facts(),
            damage.rejected + rejected + report.rows_left_out,
            damage.left_out,
            report.members_left_out,
            spans_left_out,
            has_litellm,
        )


def _refuse_logs(request: AnyMessage) -> Counter[str]:
    scopes = (scope for resource in request.resource_logs or () for scope in resource.scope_logs or ())
    records = sum(len(scope.log_records or ()) for scope in scopes)
    return Counter({_NO_LOGS: records} if records else {})
