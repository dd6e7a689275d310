"""The allow-lists of `docs/specifications/gateway-metrics-query.md` sections 4, 5 and 7: every field of every
datasource.
"""

import json
from typing import Any

import pytest

from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.request import parse_query
from meterd.datasets import COMMON
from meterd.errors import InvalidInput
from meterd.query.model import Field as Column
from tests.datasources import DATASOURCES
from tests.datasources.vocabulary import ALIASES, ALL_TYPES, FOR_DIMENSIONS, FULL, OF_TOTALS, PERCENTILES, RATES

VALUES: dict[str, Any] = {
    "EQUAL": "user",
    "NOT_EQUAL": "user",
    "IN": ["user"],
    "NOT_IN": [],
    "STRING_CONTAINS": "a",
    "STRING_NOT_CONTAINS": "a",
    "STRING_STARTS_WITH": "a",
    "STRING_NOT_STARTS_WITH": "a",
    "STRING_ENDS_WITH": "a",
    "STRING_NOT_ENDS_WITH": "a",
    "GREATER_THAN": 1,
    "LESS_THAN": 1,
    "GREATER_THAN_EQUAL": 1,
    "LESS_THAN_EQUAL": 1,
    "BETWEEN": [1, 2],
    "IS_NULL": True,
    "ARRAY_HAS_ANY": ["a"],
    "ARRAY_HAS_NONE": ["a"],
}
"""Every operator with a value of the shape it wants."""

OF_KIND = {"isFailure": True, "httpStatusCode": 200, "httpstatus": 200}
"""Fields that are neither text nor a measure, with a value."""

NOWHERE = [
    "spanId",
    "createdAt",
    "tenant",
    "teams",
    "metadata",
    "metadata.",
    "createdBySubjectSlug",
    "total",
    "guardrail_name",
    "GuardrailName",
    "modelname",
    "errorType",
    "streaming",
    "subject",
    "",
    "1; DROP TABLE x",
]
"""Names that no datasource has in any position."""

EACH = pytest.mark.parametrize("datasource", DATASOURCES)
EVERYWHERE = {
    name
    for declaration in DATASOURCES.values()
    for name in (*declaration.groups, *declaration.filters, *declaration.measures, *ALIASES, *ALIASES.values())
}
"""Every name that some datasource knows."""


def refusal(**body: Any) -> str:
    """Why a query is refused; empty when it is accepted."""
    whole = {"startTs": "2026-01-01T00:00:00Z", "endTs": "2026-01-02T00:00:00Z", "type": "distribution"} | body
    try:
        parse_query(json.dumps(whole).encode(), datasources(("region", "platform")))
    except InvalidInput as error:
        return error.message
    return ""


def both_spellings(names: Any) -> set[str]:
    """The names, and their aliases."""
    return (
        {*names}
        | {new for old, new in ALIASES.items() if old in names}
        | {old for old, new in ALIASES.items() if new in names}
    )


def value_for(datasource: str, field: str, operator: str) -> Any:
    if operator in ("IS_NULL", "BETWEEN"):
        return VALUES[operator]
    one = OF_KIND.get(field, 1 if field in DATASOURCES[datasource].measures else "a")
    return [one] if isinstance(VALUES[operator], list) else one


def differences(real: set[str], declared: set[str]) -> list[str]:
    """What to add to `tests/datasources`, and what to take away."""
    return [
        *(f"declare {name}" for name in sorted(real - declared)),
        *(f"take away {name}" for name in sorted(declared - real)),
    ]


def test_every_datasource_is_declared_for_the_tests_and_no_other() -> None:
    assert differences({*datasources()}, {*DATASOURCES}) == []


@EACH
def test_every_field_is_declared_for_the_tests_and_no_other(datasource: str) -> None:
    declaration = DATASOURCES[datasource]
    fields = datasources()[datasource].fields
    groups = {ALIASES.get(name, name) for name in declaration.groups}
    filters = {ALIASES.get(name, name) for name in declaration.filters}
    measures = {*declaration.measures, *declaration.distributions}

    assert differences({field.name for field in fields if field.group}, groups) == []
    assert differences({field.name for field in fields if field.operators}, filters) == []
    assert differences({field.name for field in fields if field.measure}, measures) == []


@EACH
def test_every_member_that_a_field_reads_is_drawn_by_the_oracle(datasource: str) -> None:
    real, declaration = datasources()[datasource], DATASOURCES[datasource]
    common = {column.name for column in COMMON}
    read = {field.operand.column for field in real.fields if isinstance(field.operand, Column)} - common

    assert declaration.dataset is real.dataset
    members = {real.dataset.by_name[name].member for name in read}
    assert differences(members - declaration.members.keys(), set()) == []


@EACH
def test_the_members_without_which_a_row_is_refused_are_declared(datasource: str) -> None:
    declaration = DATASOURCES[datasource]
    required = {column.member for column in declaration.dataset.columns if column.required} - {"sessionId"}

    assert declaration.pinned or differences(required - declaration.required.keys(), set()) == []


@EACH
def test_each_field_takes_exactly_its_operators(datasource: str) -> None:
    for field in both_spellings({*DATASOURCES[datasource].filters, "metadata.env", "metadata.a.b"}):
        operators = DATASOURCES[datasource].filters.get(ALIASES.get(field, field), FULL)
        for operator in VALUES:
            sent = {"fieldName": field, "operator": operator, "value": value_for(datasource, field, operator)}
            expected = "" if operator in operators else f'Field "{field}" does not support operator "{operator}"'
            assert refusal(datasource=datasource, filters=[sent]) == expected


@EACH
@pytest.mark.parametrize("operator", VALUES)
def test_metadata_keys_take_the_full_set_of_operators(datasource: str, operator: str) -> None:
    expected = "" if operator in FULL else f'Field "metadata.env" does not support operator "{operator}"'

    sent = {"metadataKey": "env", "operator": operator, "value": VALUES[operator]}
    assert refusal(datasource=datasource, filters=[sent]) == expected


@EACH
@pytest.mark.parametrize("operator", ["", "equal", "LIKE", "PRESENT"])
def test_operators_that_do_not_exist_are_refused_by_name(datasource: str, operator: str) -> None:
    for field in DATASOURCES[datasource].filters:
        message = refusal(datasource=datasource, filters=[{"fieldName": field, "operator": operator, "value": "a"}])
        assert message == f'Field "{field}" does not support operator "{operator}"'


@EACH
def test_other_filter_fields_are_refused_by_name(datasource: str) -> None:
    title = "gateway config" if datasource == "configMetrics" else datasource
    others = EVERYWHERE - both_spellings(DATASOURCES[datasource].filters) - {"conversationId"}

    for field in (*others, *NOWHERE):
        message = refusal(datasource=datasource, filters=[{"fieldName": field, "operator": "IN", "value": ["a"]}])
        assert message == f"Unsupported {title} filter name: {field}"


@EACH
def test_dimensions_can_be_grouped_by(datasource: str) -> None:
    for name in (*both_spellings(DATASOURCES[datasource].groups), "metadata.env"):
        assert refusal(datasource=datasource, groupBy=[name]) == ""


@EACH
def test_other_names_can_not_be_grouped_by(datasource: str) -> None:
    for name in (*(EVERYWHERE - both_spellings(DATASOURCES[datasource].groups)), *NOWHERE):
        assert f'{datasource} groupBy field "{name}"' in refusal(datasource=datasource, groupBy=["team", name])


@EACH
@pytest.mark.parametrize("type_", ALL_TYPES)
def test_measures_take_every_aggregation(datasource: str, type_: str) -> None:
    kind = {"type": "timeseries", "interval": "1 hour"} if type_ in RATES else {}

    for column in DATASOURCES[datasource].measures:
        assert refusal(datasource=datasource, aggregations=[{"type": type_, "column": column}], **kind) == ""


@EACH
@pytest.mark.parametrize("type_", OF_TOTALS)
def test_only_running_totals_have_increases(datasource: str, type_: str) -> None:
    for column in (*DATASOURCES[datasource].measures, "team"):
        is_total = column in DATASOURCES[datasource].totals
        message = refusal(
            datasource=datasource,
            type="timeseries",
            interval="1 hour",
            aggregations=[{"type": type_, "column": column}],
        )
        assert message == ("" if is_total else f'Column "{column}" does not support aggregation "{type_}"')


@EACH
@pytest.mark.parametrize("type_", ALL_TYPES)
def test_dimensions_can_only_be_counted(datasource: str, type_: str) -> None:
    columns = both_spellings(DATASOURCES[datasource].groups) - {"userEmail", "virtualaccount", "virtualAccount"}
    for column in (*columns, "metadata.env"):
        message = refusal(
            datasource=datasource,
            type="timeseries",
            interval="1 hour",
            aggregations=[{"type": type_, "column": column}],
        )
        expected = "" if type_ in FOR_DIMENSIONS else f'Column "{column}" does not support aggregation "{type_}"'
        assert message == expected


@EACH
def test_other_aggregation_columns_are_refused_by_name(datasource: str) -> None:
    declaration = DATASOURCES[datasource]
    slugs = {"userEmail", "virtualaccount", "virtualAccount"}
    for column in (*(EVERYWHERE - both_spellings((*declaration.groups, *declaration.measures)) | slugs), *NOWHERE):
        message = refusal(datasource=datasource, aggregations=[{"type": "count", "column": column}])
        assert f'{datasource} aggregation column "{column}"' in message


@pytest.mark.parametrize("name", ["agent_id", "agentId", "newSession", "region"])
def test_meter_events_have_further_spellings_and_the_allowed_attributes(name: str) -> None:
    assert refusal(datasource="aiGuardMetrics", groupBy=[name]) == ""


def test_an_allowed_attribute_never_hides_a_field_of_the_same_name() -> None:
    fields = [field.name for field in datasources(("platform", "team", "region"))["aiGuardMetrics"].fields]

    assert len(fields) == len(set(fields))
    assert "region" in fields


@pytest.mark.parametrize("type_", [*ALL_TYPES, *OF_TOTALS])
def test_distributions_have_percentiles_only(type_: str) -> None:
    message = refusal(
        datasource="sessionMetrics",
        type="timeseries",
        interval="1 hour",
        aggregations=[{"type": type_, "column": "histogram"}],
    )
    expected = "" if type_ in PERCENTILES else f'Column "histogram" does not support aggregation "{type_}"'
    assert message == expected
