"""The tables of docs/gateway-metrics.md say what the declarations say."""

import pytest

from meterd.api.gateway.datasources import METADATA_PREFIX, Datasource, Field, datasources, metadata_field
from meterd.api.gateway.operators import CMP, FULL, NARROW, RANGE, TEAM
from meterd.api.gateway.request import AGGREGATIONS
from meterd.datasets import DATASETS, Dataset
from tests.docs.markdown import ROOT, code, tables

PAGE = ROOT / "docs" / "gateway-metrics.md"
SETS = {"FULL": FULL, "NARROW": NARROW, "EQUALITY": CMP, "RANGE": RANGE, "TEAM": TEAM}
SECTIONS = {
    "guardrail_evaluations": "Fields of a guardrail evaluation",
    "meter_events": "Fields of an AI Guard event",
}


def members_in(cell: str) -> list[str]:
    """The pieces of code in a cell."""
    return [code(part.strip()) for part in cell.split(",") if part.strip()]


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_members_of_rows(dataset: Dataset) -> None:
    (table,) = tables(PAGE, SECTIONS[dataset.name])
    assert [(code(row["member"]), row["type"]) for row in table] == [
        (column.member, column.kind.value) for column in dataset.columns
    ]
    assert [code(row["member"]) for row in table if row["meaning"].endswith("; required")] == [
        column.member for column in dataset.columns if column.required
    ]


@pytest.mark.parametrize("datasource", datasources().values(), ids=datasources())
def test_fields_of_datasources(datasource: Datasource) -> None:
    (table,) = tables(PAGE, datasource.name)
    fields = {field.name: field for field in (*datasource.fields, metadata_field("<key>"))}
    assert [code(row["field"]) for row in table] == list(fields)
    for row in table:
        field = fields[code(row["field"])]
        assert members_in(row["other spellings"]) == list(field.aliases), field.name
        assert row["group by"] == ("yes" if field.group else "–"), field.name
        assert row["aggregations"] == aggregations(field), field.name
        assert SETS[row["filter operators"]] == field.operators, field.name


def aggregations(field: Field) -> str:
    if field.measure:
        return "all"
    return "counts" if field.group and not field.subject_type else "–"


def test_operator_sets() -> None:
    (table,) = tables(PAGE, "Filters")
    assert {row["set"]: set(members_in(row["operators"])) for row in table} == SETS


def test_aggregation_types() -> None:
    (table,) = tables(PAGE, "Aggregations")
    assert {name for row in table for name in members_in(row["type"])} == set(AGGREGATIONS)


def test_metadata_is_written_as_it_is_sent() -> None:
    assert METADATA_PREFIX == "metadata."
