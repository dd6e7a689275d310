"""The service's own metrics as JSON: what `/metrics` has, with quantiles in the place of buckets."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec
from prometheus_client.core import Metric

QUANTILES = (0.5, 0.9, 0.99)


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value of a metric; of a histogram the count is the value, with the sum and quantiles of what it counted."""

    labels: dict[str, str]
    value: float
    sum: float | None = None
    quantiles: dict[str, float | None] | None = None


class Family(msgspec.Struct, frozen=True):
    """All values of a metric."""

    type: str
    help: str
    figures: list[Figure]


def families(metrics: Iterable[Metric]) -> dict[str, Family]:
    """Return metrics by their names."""
    return {each.name: Family(each.type, each.documentation, list(_figures(each))) for each in metrics}


def _figures(metric: Metric) -> Iterator[Figure]:
    if metric.type != "histogram":
        for sample in metric.samples:
            yield Figure(sample.labels, sample.value)
        return
    buckets: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    sums: dict[tuple[tuple[str, str], ...], float] = {}
    for sample in metric.samples:
        labels = tuple((name, text) for name, text in sample.labels.items() if name != "le")
        if sample.name.endswith("_bucket"):
            buckets.setdefault(labels, []).append((float(sample.labels["le"]), sample.value))
        elif sample.name.endswith("_sum"):
            sums[labels] = sample.value
    for labels, counted in buckets.items():
        quantiles = {f"{share:g}": quantile(counted, share) for share in QUANTILES}
        yield Figure(dict(labels), counted[-1][1], sums.get(labels), quantiles)


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """Estimate a quantile from cumulative counts up to upper bounds, as Prometheus does; None when nothing is counted.

    What is beyond the last finite bound counts as that bound.
    """
    total = buckets[-1][1]
    if not total:
        return None
    rank = share * total
    for (low, before), (high, count) in pairwise(((0.0, 0.0), *buckets)):
        if count >= rank:
            return low if high == float("inf") else low + (high - low) * (rank - before) / (count - before)
    return None
