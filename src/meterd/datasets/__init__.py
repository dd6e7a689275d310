"""What is recorded. A dataset declared in a module of this package and listed here is all there is to adding one."""

from meterd.datasets.aiguard import METER_EVENTS
from meterd.datasets.gateway import GUARDRAIL_EVALUATIONS
from meterd.datasets.model import COMMON, MAXIMUM_UNSIGNED, Column, Dataset, Kind, camel_case

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in (GUARDRAIL_EVALUATIONS, METER_EVENTS)}

__all__ = [
    "COMMON",
    "DATASETS",
    "GUARDRAIL_EVALUATIONS",
    "MAXIMUM_UNSIGNED",
    "METER_EVENTS",
    "Column",
    "Dataset",
    "Kind",
    "camel_case",
]
