"""The pages about datasources say what the declarations say."""

from docs.generate_datasources import PAGE as GENERATED
from docs.generate_datasources import page

from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.operators import OPERATOR_SETS
from meterd.api.gateway.request import AGGREGATIONS
from tests.docs.markdown import ROOT, code, tables

PAGE = ROOT / "docs" / "gateway-metrics.md"


def members_in(cell: str) -> list[str]:
    """The pieces of code in a cell."""
    return [code(part.strip()) for part in cell.split(",") if part.strip()]


def test_the_generated_page_is_up_to_date() -> None:
    assert page() == GENERATED.read_text(encoding="utf-8"), "run make docs"


def test_every_datasource_is_explained() -> None:
    (table,) = tables(PAGE, "Datasources")
    assert [code(row["name"]) for row in table] == list(datasources())


def test_operator_sets() -> None:
    (table,) = tables(GENERATED, "Operator sets")
    assert {row["set"]: tuple(members_in(row["operators"])) for row in table} == OPERATOR_SETS


def test_aggregation_types() -> None:
    (table,) = tables(PAGE, "Aggregations")
    assert {name for row in table for name in members_in(row["type"])} == set(AGGREGATIONS)
