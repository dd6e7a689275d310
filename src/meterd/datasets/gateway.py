"""Facts about an LLM gateway's traffic (`shared/spec/gateway-metrics-query.md` section 12)."""

from meterd.datasets.model import COMMON, Column, Dataset, Kind

_GATEWAY_COMMON = (
    *COMMON,
    Column("subject_id", Kind.TEXT, "stable id of the subject", json="createdBySubjectId"),
    Column("conversation_id", Kind.TEXT, "conversation it belongs to"),
)

GUARDRAIL_EVALUATIONS = Dataset(
    name="guardrail_evaluations",
    description="One evaluation of one guardrail.",
    columns=(
        *_GATEWAY_COMMON,
        Column("guardrail_id", Kind.TEXT, "id of the guardrail"),
        Column("guardrail_name", Kind.TEXT, "name, often `group/integration`"),
        Column("guardrail_fqn", Kind.TEXT, "fully qualified name"),
        Column("latency_ms", Kind.NUMBER, "duration of the evaluation in milliseconds"),
        Column("guardrail_result", Kind.TEXT, "verdict; open set: pass, fail, error, mutate, flag are usual"),
        Column("is_failure", Kind.BOOLEAN, "the evaluation itself broke, as opposed to a verdict"),
        Column("applied_on_entity_scope", Kind.TEXT, "hook, such as input or output; open set"),
        Column("applied_on_entity_type", Kind.TEXT, "kind of what was guarded, such as model"),
        Column("applied_on_entity_id", Kind.TEXT, "id of what was guarded"),
        Column("applied_on_entity_name", Kind.TEXT, "name of what was guarded"),
        Column("applied_on_entity_fqn", Kind.TEXT, "fully qualified name of what was guarded"),
        Column("provider_account_id", Kind.TEXT, "account at the guardrail's provider"),
        Column("provider_integration_type", Kind.TEXT, "kind of the provider's integration"),
    ),
    identity=("trace_id", "span_id"),
)
