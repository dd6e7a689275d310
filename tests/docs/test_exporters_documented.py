"""Every exported family is in docs/exporters.md, with its type and labels, and no other is."""

import re

from meterd.export.families import FAMILIES
from tests.docs.markdown import ROOT, code, prose, tables
from tests.process import Meterd

EXPORTERS = ROOT / "docs" / "exporters.md"


def documented() -> list[dict[str, str]]:
    (table,) = tables(EXPORTERS, "Prometheus")
    return table


def test_every_metric_is_documented_with_its_type_and_no_other(shared: Meterd) -> None:
    page = shared.client.get("/export/prometheus").text

    exposed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE))
    assert {code(row["metric"]): row["type"] for row in documented()} == exposed


def test_labels_are_those_of_the_declarations() -> None:
    labels = {
        re.sub(r"_(total|seconds)$", "", code(row["metric"])): set(re.findall(r"`(\w+)`", row["labels"]))
        for row in documented()
    }

    declared = {family.name.replace(".", "_"): set(family.labels) for family in FAMILIES}
    assert labels == declared | {"meterd_export_dropped_series": {"metric"}}


def test_every_family_is_named_under_the_name_that_opentelemetry_and_onetrust_see() -> None:
    introduction = "\n".join(prose(EXPORTERS)).partition("\n## ")[0]

    assert {family.name for family in FAMILIES} == set(re.findall(r"`([a-z_]+\.[a-z_.]+)`", introduction))
