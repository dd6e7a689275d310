"""What is recorded. A dataset declared in a module of this package and listed here is all there is to adding one."""

from meterd.datasets.aiguard import METER_EVENTS
from meterd.datasets.gateway import (
    GATEWAY_REQUESTS,
    GUARDRAIL_EVALUATIONS,
    MCP_CALLS,
    MODEL_CALLS,
    ROUTING_DECISIONS,
)
from meterd.datasets.model import COMMON, MAXIMUM_UNSIGNED, Column, Dataset, Kind, camel_case

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        GUARDRAIL_EVALUATIONS,
        MODEL_CALLS,
        MCP_CALLS,
        ROUTING_DECISIONS,
        GATEWAY_REQUESTS,
        METER_EVENTS,
    )
}

__all__ = [
    "COMMON",
    "DATASETS",
    "GATEWAY_REQUESTS",
    "GUARDRAIL_EVALUATIONS",
    "MAXIMUM_UNSIGNED",
    "MCP_CALLS",
    "METER_EVENTS",
    "MODEL_CALLS",
    "ROUTING_DECISIONS",
    "Column",
    "Dataset",
    "Kind",
    "camel_case",
]
