"""What is exported of each meter (`docs/specifications/ai-guard.md` section 6), as declarations."""

import msgspec

SCOPE = "ai-guard-server"
"""The instrument name under which the meters are known."""


class Meter(msgspec.Struct, frozen=True):
    """A meter by its wire name. A histogram is of milliseconds, any other meter is a counter."""

    name: str
    description: str
    attributes: tuple[str, ...]
    is_histogram: bool = False


METERS = (
    Meter("ai_guard.agent", "Response time of the model", ("agent_id", "platform"), is_histogram=True),
    Meter("ai_guard.user", "Requests of users", ("agent_id", "platform", "new_session")),
    Meter("ai_guard.redact", "Texts redacted or blocked", ("agent_id", "platform", "action", "actor")),
    Meter("ai_guard.classification", "Matches of classifiers", ("agent_id", "platform", "actor", "classifier")),
)

COLUMNS = {
    "agent_id": "agent",
    "platform": "platform",
    "new_session": "new_session",
    "action": "action",
    "actor": "actor",
    "classifier": "classifier",
}
"""Where attributes are stored; those that the settings allow besides are in `metadata`."""
