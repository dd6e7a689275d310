"""Facts counted by AI Guard meters, and what each requires (`docs/specifications/ai-guard.md` sections 5 and 6)."""

from typing import TYPE_CHECKING

import msgspec

from meterd.datasets.model import COMMON, Column, Dataset, Kind

if TYPE_CHECKING:
    from meterd.datasets.rows import MeterEvent

PLATFORMS = frozenset({"AMAZON_BEDROCK", "AMAZON_SAGEMAKER", "AZURE_FOUNDRY", "DATABRICKS", "GCP_VERTEX"})
ACTORS = frozenset({"user", "agent"})


class Attribute(msgspec.Struct, frozen=True):
    """An attribute that a meter requires: its column, and the closed set of values if it has one."""

    column: str
    values: frozenset[str] | None = None


_COMMON = {"agent_id": Attribute("agent"), "platform": Attribute("platform", PLATFORMS)}
_ACTOR = {"actor": Attribute("actor", ACTORS)}

METERS: dict[str, dict[str, Attribute]] = {
    "ai_guard.agent": _COMMON,
    "ai_guard.user": _COMMON | {"new_session": Attribute("new_session", frozenset({"true", "false"}))},
    "ai_guard.redact": _COMMON | {"action": Attribute("action", frozenset({"redact", "block"}))} | _ACTOR,
}
"""Required attributes of each meter that clients may submit."""

CLASSIFICATION = "ai_guard.classification"
"""The meter that only the service counts."""

EVERY_METER = METERS | {CLASSIFICATION: _COMMON | _ACTOR | {"classifier": Attribute("classifier")}}
"""The same, with the meter that only the service counts."""

_NEEDED = {
    meter: [(attribute.column, attribute.values) for attribute in attributes.values()]
    for meter, attributes in EVERY_METER.items()
}


def _rule(row: "MeterEvent") -> tuple[str, str] | None:
    for column, values in _NEEDED[row.meter]:
        value = getattr(row, column)
        if value is None:
            return column, f"is required for {row.meter}"
        if values is not None and value not in values:
            return column, f"must be one of {', '.join(sorted(values))}, got {value[:64]!r}"
    return None


METER_EVENTS: "Dataset[MeterEvent]" = Dataset(
    name="meter_events",
    description="One meter event of an AI Guard client. Attributes that the settings allow beyond a meter's own are "
    "kept in `metadata`.",
    columns=(
        *COMMON,
        Column(
            "meter",
            Kind.TEXT,
            "name of the meter; each requires attributes of its own",
            required=True,
            allowed=tuple(EVERY_METER),
            reserved=(CLASSIFICATION,),
            few=True,
        ),
        Column("value", Kind.UNSIGNED, "milliseconds for ai_guard.agent, a count for the others", required=True),
        Column("agent", Kind.TEXT, "attribute agent_id", few=True),
        Column("platform", Kind.TEXT, "AI platform the agent runs on", few=True),
        Column("new_session", Kind.TEXT, "`true` or `false`, on ai_guard.user", few=True),
        Column("action", Kind.TEXT, "`redact` or `block`, on ai_guard.redact", few=True),
        Column("actor", Kind.TEXT, "`user` or `agent`, whose text it was", few=True),
        Column("classifier", Kind.TEXT, "classifier that matched, on ai_guard.classification", few=True),
    ),
    rule=_rule,
)
