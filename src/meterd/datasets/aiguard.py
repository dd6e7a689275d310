"""Facts counted by AI Guard meters (`docs/specifications/ai-guard.md` section 6)."""

from meterd.datasets.model import COMMON, Column, Dataset, Kind

METER_EVENTS = Dataset(
    name="meter_events",
    description="One meter event of an AI Guard client. Attributes that the settings allow beyond a meter's own are "
    "kept in `metadata`.",
    columns=(
        *COMMON,
        Column("meter", Kind.TEXT, "name of the meter, such as ai_guard.agent", required=True),
        Column("value", Kind.UNSIGNED, "milliseconds for ai_guard.agent, a count for the others", required=True),
        Column("agent", Kind.TEXT, "attribute agent_id"),
        Column("platform", Kind.TEXT, "AI platform the agent runs on"),
        Column("new_session", Kind.TEXT, "`true` or `false`, on ai_guard.user"),
        Column("action", Kind.TEXT, "`redact` or `block`, on ai_guard.redact"),
        Column("actor", Kind.TEXT, "`user` or `agent`, whose text it was"),
        Column("classifier", Kind.TEXT, "classifier that matched, on ai_guard.classification"),
    ),
)
