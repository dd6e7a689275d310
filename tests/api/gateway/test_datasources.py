"""The allow-lists of `gateway-metrics-query.md` sections 4, 5 and 7, field by field."""

import json
from typing import Any

import pytest

from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.request import parse_query
from meterd.errors import InvalidInput

VALUES: dict[str, Any] = {
    "EQUAL": "user", "NOT_EQUAL": "user", "IN": ["user"], "NOT_IN": [], "STRING_CONTAINS": "a",
    "STRING_NOT_CONTAINS": "a", "STRING_STARTS_WITH": "a", "STRING_NOT_STARTS_WITH": "a", "STRING_ENDS_WITH": "a",
    "STRING_NOT_ENDS_WITH": "a", "GREATER_THAN": 1, "LESS_THAN": 1, "GREATER_THAN_EQUAL": 1, "LESS_THAN_EQUAL": 1,
    "BETWEEN": [1, 2], "IS_NULL": True, "ARRAY_HAS_ANY": ["a"], "ARRAY_HAS_NONE": ["a"],
}  # fmt: skip
"""Every operator with a value of the shape it wants."""

FULL = {"EQUAL", "NOT_EQUAL", "IN", "NOT_IN", "STRING_CONTAINS", "STRING_NOT_CONTAINS", "STRING_STARTS_WITH",
        "STRING_NOT_STARTS_WITH", "STRING_ENDS_WITH", "STRING_NOT_ENDS_WITH"}  # fmt: skip
NARROW = {"IN", "NOT_IN", "STRING_CONTAINS", "STRING_STARTS_WITH", "STRING_ENDS_WITH"}
CMP = {"EQUAL", "NOT_EQUAL", "IN", "NOT_IN"}
RANGE = {"GREATER_THAN", "LESS_THAN", "GREATER_THAN_EQUAL", "LESS_THAN_EQUAL", "BETWEEN"}
TEAM = {"ARRAY_HAS_ANY", "ARRAY_HAS_NONE"}

GUARDRAIL_FILTERS = {
    "userEmail": FULL,
    "virtualAccount": FULL,
    "virtualaccount": FULL,
    "conversationID": FULL,
    "team": TEAM,
    "metadata.env": FULL,
    "metadata.a.b": FULL,
    "latencyMs": RANGE,
    "createdBySubjectType": CMP,
    "guardrailName": NARROW,
    "appliedOnEntityScope": NARROW,
    "guardrailResult": NARROW,
}
NO_FILTERS = ["traceId", "spanId", "httpStatusCode", "isFailure", "createdAt", "tenant", "teams", "metadata",
              "metadata.", "createdBySubjectSlug", "guardrail_name", "GuardrailName", "modelName", "virtualModel",
              "conversationId", "", "1; DROP TABLE x"]  # fmt: skip
GUARDRAIL_GROUPS = ["userEmail", "virtualaccount", "virtualAccount", "team", "createdBySubjectType", "metadata.env",
                    "guardrailName", "appliedOnEntityScope", "guardrailResult"]  # fmt: skip
NO_GROUPS = ["latencyMs", "conversationID", "traceId", "modelName", "user_email", "USEREMAIL", "teams", "metadata",
             "metadata.", "createdAt", "total", ""]  # fmt: skip
ALL_TYPES = ["count", "countDistinct", "sum", "avg", "min", "max", "p5", "p10", "p25", "p50", "p75", "p90", "p95",
             "p99", "p999", "rateSum", "rateAvg", "rateMin", "rateMax", "ratePerMinute"]  # fmt: skip
RATES = {"rateSum", "rateAvg", "rateMin", "rateMax", "ratePerMinute"}
FOR_DIMENSIONS = {"count", "countDistinct", "ratePerMinute"}
NO_COLUMNS = ["userEmail", "virtualAccount", "virtualaccount", "conversationID", "modelName", "value", "createdAt",
              "metadata.", "*", ""]  # fmt: skip


def refusal(**body: Any) -> str:
    """Why a query is refused; empty when it is accepted."""
    whole = {"startTs": "2026-01-01T00:00:00Z", "endTs": "2026-01-02T00:00:00Z", "type": "distribution",
             "datasource": "guardrailMetrics"} | body  # fmt: skip
    try:
        parse_query(json.dumps(whole).encode(), datasources(("region", "platform")))
    except InvalidInput as error:
        return error.message
    return ""


@pytest.mark.parametrize("operator", VALUES)
@pytest.mark.parametrize("field", GUARDRAIL_FILTERS)
def test_a_guardrail_field_takes_exactly_its_operators(field: str, operator: str) -> None:
    expected = "" if operator in GUARDRAIL_FILTERS[field] else f'Field "{field}" does not support operator "{operator}"'

    assert refusal(filters=[{"fieldName": field, "operator": operator, "value": VALUES[operator]}]) == expected


@pytest.mark.parametrize("operator", VALUES)
def test_metadata_keys_take_the_full_set_of_operators(operator: str) -> None:
    expected = "" if operator in FULL else f'Field "metadata.env" does not support operator "{operator}"'

    assert refusal(filters=[{"metadataKey": "env", "operator": operator, "value": VALUES[operator]}]) == expected


@pytest.mark.parametrize("field", GUARDRAIL_FILTERS)
@pytest.mark.parametrize("operator", ["", "equal", "LIKE", "PRESENT"])
def test_operators_that_do_not_exist_are_refused_by_name(field: str, operator: str) -> None:
    message = refusal(filters=[{"fieldName": field, "operator": operator, "value": "a"}])

    assert message == f'Field "{field}" does not support operator "{operator}"'


@pytest.mark.parametrize("field", NO_FILTERS)
def test_unknown_filter_fields_are_refused_by_name(field: str) -> None:
    message = refusal(filters=[{"fieldName": field, "operator": "IN", "value": ["a"]}])

    assert message == f"Unsupported guardrailMetrics filter name: {field}"


@pytest.mark.parametrize("name", GUARDRAIL_GROUPS)
def test_guardrail_dimensions_can_be_grouped_by(name: str) -> None:
    assert refusal(groupBy=[name]) == ""


@pytest.mark.parametrize("name", NO_GROUPS)
def test_other_names_can_not_be_grouped_by(name: str) -> None:
    assert f'groupBy field "{name}"' in refusal(groupBy=["guardrailName", name])


@pytest.mark.parametrize("type_", ALL_TYPES)
def test_latency_takes_every_aggregation(type_: str) -> None:
    kind = {"type": "timeseries", "interval": "1 hour"} if type_ in RATES else {}

    assert refusal(aggregations=[{"type": type_, "column": "latencyMs"}], **kind) == ""


@pytest.mark.parametrize("type_", ALL_TYPES)
@pytest.mark.parametrize("column", ["guardrailName", "appliedOnEntityScope", "guardrailResult", "team",
                                    "createdBySubjectType", "metadata.env"])  # fmt: skip
def test_dimensions_can_only_be_counted(column: str, type_: str) -> None:
    message = refusal(type="timeseries", interval="1 hour", aggregations=[{"type": type_, "column": column}])

    expected = "" if type_ in FOR_DIMENSIONS else f'Column "{column}" does not support aggregation "{type_}"'
    assert message == expected


@pytest.mark.parametrize("column", NO_COLUMNS)
def test_unknown_aggregation_columns_are_refused_by_name(column: str) -> None:
    assert f'aggregation column "{column}"' in refusal(aggregations=[{"type": "count", "column": column}])


@pytest.mark.parametrize("name", ["meter", "agent", "agent_id", "agentId", "platform", "new_session", "newSession",
                                  "action", "actor", "classifier", "region", "team", "userEmail"])  # fmt: skip
def test_meter_events_are_grouped_by_their_attributes_and_the_allowed_extra_ones(name: str) -> None:
    assert refusal(datasource="aiGuardMetrics", groupBy=[name]) == ""


@pytest.mark.parametrize("name", ["guardrailName", "city", "value", "latencyMs"])
def test_meter_events_have_no_other_groups(name: str) -> None:
    assert f'aiGuardMetrics groupBy field "{name}"' in refusal(datasource="aiGuardMetrics", groupBy=[name])


@pytest.mark.parametrize("operator", VALUES)
def test_the_value_of_meter_events_is_compared_by_size(operator: str) -> None:
    sent = {"fieldName": "value", "operator": operator, "value": VALUES[operator]}
    expected = "" if operator in RANGE else f'Field "value" does not support operator "{operator}"'

    assert refusal(datasource="aiGuardMetrics", filters=[sent]) == expected


def test_an_allowed_attribute_never_hides_a_field_of_the_same_name() -> None:
    fields = [field.name for field in datasources(("platform", "team", "region"))["aiGuardMetrics"].fields]

    assert len(fields) == len(set(fields))
    assert "region" in fields
