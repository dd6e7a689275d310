"""The metrics of several processes as those of one service."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client.core import Metric

from meterd.prefork.messages import Family, Sample
from meterd.telemetry import Telemetry

_TOGETHER: dict[str, Callable[[float, float], float]] = {"sum": lambda a, b: a + b, "min": min, "max": max}
_ADDED_UP = ("counter", "histogram")
_Key = tuple[str, tuple[tuple[str, str], ...]]


def families_of(telemetry: Telemetry) -> list[Family]:
    """Return the metrics of this process."""
    return [
        Family(
            each.name,
            each.documentation,
            each.type,
            telemetry.together.get(each.name, "sum"),
            [Sample(sample.name, dict(sample.labels), sample.value) for sample in each.samples],
        )
        for each in telemetry.registry.collect()
    ]


def merged(parts: Iterable[Sequence[Family]]) -> list[Family]:
    """Return the metrics of all processes: counters and histograms added up, gauges as they are declared."""
    found: dict[str, Family] = {}
    values: dict[str, dict[_Key, float]] = {}
    for family in (family for part in parts for family in part):
        known = found.setdefault(family.name, family)
        both, own = _TOGETHER[known.together], values.setdefault(family.name, {})
        for sample in family.samples:
            key = (sample.name, tuple(sample.labels.items()))
            own[key] = both(own[key], sample.value) if key in own else sample.value
    return [
        Family(
            family.name,
            family.documentation,
            family.type,
            family.together,
            [Sample(sample, dict(labels), value) for (sample, labels), value in values[name].items()],
        )
        for name, family in found.items()
    ]


def left_behind(families: Sequence[Family]) -> list[Family]:
    """Return what still counts of a process that has ended."""
    return [family for family in families if family.type in _ADDED_UP]


def as_metrics(families: Iterable[Family]) -> list[Metric]:
    """Return metrics as the Prometheus library has them."""
    made = []
    for family in families:
        metric = Metric(family.name, family.documentation, family.type)
        for sample in family.samples:
            metric.add_sample(sample.name, sample.labels, sample.value)
        made.append(metric)
    return made
