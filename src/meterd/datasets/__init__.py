"""What is recorded. A dataset declared in a module of this package and listed here is all there is to adding one."""

from meterd.datasets.aiguard import ACTORS, CLASSIFICATION, EVERY_METER, METER_EVENTS, METERS, PLATFORMS, Attribute
from meterd.datasets.gateway import (
    GATEWAY_REQUESTS,
    GUARDRAIL_EVALUATIONS,
    MCP_CALLS,
    MODEL_CALLS,
    ROUTING_DECISIONS,
)
from meterd.datasets.model import (
    COMMON,
    MAX_DOCUMENT_LENGTH,
    MAX_JSON_DEPTH,
    MAX_LABEL_LENGTH,
    MAX_LABELS,
    MAX_TEXT_LENGTH,
    MAXIMUM_UNSIGNED,
    Column,
    Dataset,
    Kind,
    Series,
    camel_case,
)
from meterd.datasets.otlp import OTLP_POINTS
from meterd.datasets.sessions import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES
from meterd.datasets.usage import API_REQUESTS, PROCESS_RUNS, QUEUE_SAMPLES

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        GUARDRAIL_EVALUATIONS,
        MODEL_CALLS,
        MCP_CALLS,
        ROUTING_DECISIONS,
        GATEWAY_REQUESTS,
        METER_EVENTS,
        OTLP_POINTS,
        SESSION_METRICS,
        SESSION_EVENTS,
        SESSION_STATES,
        API_REQUESTS,
        PROCESS_RUNS,
        QUEUE_SAMPLES,
    )
}

__all__ = [
    "ACTORS",
    "API_REQUESTS",
    "CLASSIFICATION",
    "COMMON",
    "DATASETS",
    "EVERY_METER",
    "GATEWAY_REQUESTS",
    "GUARDRAIL_EVALUATIONS",
    "MAXIMUM_UNSIGNED",
    "MAX_DOCUMENT_LENGTH",
    "MAX_JSON_DEPTH",
    "MAX_LABELS",
    "MAX_LABEL_LENGTH",
    "MAX_TEXT_LENGTH",
    "MCP_CALLS",
    "METERS",
    "METER_EVENTS",
    "MODEL_CALLS",
    "OTLP_POINTS",
    "PLATFORMS",
    "PROCESS_RUNS",
    "QUEUE_SAMPLES",
    "ROUTING_DECISIONS",
    "SESSION_EVENTS",
    "SESSION_METRICS",
    "SESSION_STATES",
    "Attribute",
    "Column",
    "Dataset",
    "Kind",
    "Series",
    "camel_case",
]
