"""Every metric of the service itself is in docs/operations.md, with its type and labels, and no other is."""

import re

from prometheus_client.metrics import MetricWrapperBase

from meterd.telemetry import Telemetry
from tests.docs.markdown import ROOT, code, tables
from tests.process import Meterd

OPERATIONS = ROOT / "docs" / "operations.md"


def documented() -> list[dict[str, str]]:
    return [row for table in tables(OPERATIONS, "Metrics") for row in table]


def test_every_metric_is_documented_with_its_type_and_no_other(shared: Meterd) -> None:
    exposed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", shared.client.get("/metrics").text, re.MULTILINE))
    assert {code(row["metric"]): row["type"] for row in documented()} == exposed


def test_labels_are_the_real_ones(shared: Meterd) -> None:
    shared.ingest({})
    shared.points()
    labels = {code(row["metric"]): set(re.findall(r"`(\w+)`", row["labels"])) for row in documented()}
    for name, text in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", shared.client.get("/metrics").text, re.MULTILINE):
        metric = name if name in labels else re.sub(r"_(bucket|sum|count)$", "", name)
        assert set(re.findall(r'(\w+)="', text)) - {"le"} == labels[metric], metric


def test_labels_of_what_did_not_happen_yet_are_those_of_the_declarations() -> None:
    labels = {code(row["metric"]): set(re.findall(r"`(\w+)`", row["labels"])) for row in documented()}
    declared = {
        family.name + ("_total" if family.type == "counter" else ""): set(metric._labelnames)
        for metric in vars(Telemetry()).values()
        if isinstance(metric, MetricWrapperBase)
        for family in metric.describe()
    }

    assert {"reason"} == declared["meterd_ingest_refusals_total"]
    assert {name: labels[name] for name in declared} == declared
