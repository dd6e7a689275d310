"""The pages about datasources say what the declarations say."""

import importlib.util
from types import ModuleType

from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.operators import OPERATOR_SETS
from meterd.api.gateway.request import AGGREGATIONS
from tests.docs.markdown import ROOT, code, tables

PAGE = ROOT / "docs" / "gateway-metrics.md"


def members_in(cell: str) -> list[str]:
    """The pieces of code in a cell."""
    return [code(part.strip()) for part in cell.split(",") if part.strip()]


def generator() -> ModuleType:
    specification = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_generated_page_is_up_to_date() -> None:
    written = (ROOT / "docs" / "datasources.md").read_text(encoding="utf-8")

    assert written == generator().page(), "run make docs"


def test_every_datasource_is_explained() -> None:
    (table,) = tables(PAGE, "Datasources")
    assert [code(row["name"]) for row in table] == list(datasources())


def test_operator_sets() -> None:
    (table,) = tables(ROOT / "docs" / "datasources.md", "Operator sets")
    assert {row["set"]: tuple(members_in(row["operators"])) for row in table} == OPERATOR_SETS


def test_aggregation_types() -> None:
    (table,) = tables(PAGE, "Aggregations")
    assert {name for row in table for name in members_in(row["type"])} == set(AGGREGATIONS)
