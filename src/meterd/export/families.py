"""The exported families, as declarations: each is made of the facts of one dataset, and every exporter has all."""

from collections.abc import Mapping

import msgspec

from meterd.datasets import EVERY_METER, METER_EVENTS, Column, Dataset
from meterd.query.model import Compare, Comparison, Condition, Field

SCOPE = "ai-guard-server"
"""The instrument name under which the families are known."""


class Family(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Series that are exported under one name: counters, or histograms of milliseconds.

    Attributes:
        name: in words with dots between them, of which each exporter makes what its protocol wants.
        condition: what facts must satisfy; without one all of the dataset count.
        labels: what tells series apart, each with the column in which it is stored.
        others: labels that few facts have. Where labels are fixed, as in Prometheus, they are left out.
        value: the column that is summed, and whose values a histogram counts; without one, facts are counted.
    """

    name: str
    description: str
    dataset: Dataset
    labels: Mapping[str, str]
    condition: Condition | None = None
    others: Mapping[str, str] = {}
    value: str | None = None
    is_histogram: bool = False

    @property
    def column(self) -> Column | None:
        """The column that `value` names."""
        return next((column for column in self.dataset.columns if column.name == self.value), None)


_COLUMNS = {key: each.column for attributes in EVERY_METER.values() for key, each in attributes.items()}


def _of_meter(name: str, description: str, is_histogram: bool = False) -> Family:
    """Declare the family of one of AI Guard's meters (`docs/specifications/ai-guard.md` section 6)."""
    labels = {key: each.column for key, each in EVERY_METER[name].items()}
    return Family(
        name=name,
        description=description,
        dataset=METER_EVENTS,
        condition=Compare(Field("meter"), Comparison.EQUAL, name),
        labels=labels,
        others={key: column for key, column in _COLUMNS.items() if key not in labels},
        value="value",
        is_histogram=is_histogram,
    )


FAMILIES = (
    _of_meter("ai_guard.agent", "Response time of the model", is_histogram=True),
    _of_meter("ai_guard.user", "Requests of users"),
    _of_meter("ai_guard.redact", "Texts redacted or blocked"),
    _of_meter("ai_guard.classification", "Matches of classifiers"),
)
