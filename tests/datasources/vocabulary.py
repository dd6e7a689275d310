"""Operators, aggregations and common fields of `docs/specifications/gateway-metrics-query.md` sections 4, 5 and 7."""

Operators = tuple[str, ...]

FULL = (
    "EQUAL",
    "NOT_EQUAL",
    "IN",
    "NOT_IN",
    "STRING_CONTAINS",
    "STRING_NOT_CONTAINS",
    "STRING_STARTS_WITH",
    "STRING_NOT_STARTS_WITH",
    "STRING_ENDS_WITH",
    "STRING_NOT_ENDS_WITH",
)
NARROW = ("IN", "NOT_IN", "STRING_CONTAINS", "STRING_STARTS_WITH", "STRING_ENDS_WITH")
CMP = ("EQUAL", "NOT_EQUAL", "IN", "NOT_IN")
SET = ("IN", "NOT_IN")
ORDER = ("GREATER_THAN", "LESS_THAN", "GREATER_THAN_EQUAL", "LESS_THAN_EQUAL")
RANGE = (*ORDER, "BETWEEN")
CODE = (*CMP, *ORDER)
TEAM = ("ARRAY_HAS_ANY", "ARRAY_HAS_NONE")

SCALARS = ("count", "countDistinct", "sum", "avg", "min", "max")
PERCENTILES = ("p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p999")
RATES = ("rateSum", "rateAvg", "rateMin", "rateMax", "ratePerMinute")
OF_TOTALS = ("increase", "rateIncrease")
"""Ours, of running totals only."""
ALL_TYPES = (*SCALARS, *PERCENTILES, *RATES)
FOR_DIMENSIONS = ("count", "countDistinct", "ratePerMinute")

COMMON_GROUPS = ("userEmail", "virtualaccount", "team", "createdBySubjectType")
COMMON_FILTERS: dict[str, Operators] = {
    "userEmail": FULL,
    "virtualAccount": FULL,
    "createdBySubjectType": CMP,
    "team": TEAM,
}

ALIASES = {"virtualModel": "virtualModelName", "virtualaccount": "virtualAccount", "conversationId": "conversationID"}
"""Either spelling is taken in every position (section 5)."""
