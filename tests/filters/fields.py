"""Fields that the tests filter by: columns of model calls, one of each type."""

from meterd.datasets import MODEL_CALLS, Kind
from meterd.filters import Variable
from meterd.query.model import Field, MapValue

FIELDS: dict[str, Variable] = {
    name: Variable(Field(column), MODEL_CALLS.by_name[column].kind)
    for name, column in {
        "service": "model_name",
        "key": "model_id",
        "httpstatus": "http_status_code",
        "duration": "latency_ms",
        "failed": "is_failure",
        "timestamp": "ts",
        "teams": "teams",
    }.items()
} | {"properties.queue": Variable(MapValue("metadata", "queue"), Kind.TEXT)}


def resolve(name: str) -> Variable | None:
    return FIELDS.get(name)


SERVICE, KEY, STATUS, DURATION, FAILED, TIMESTAMP, TEAMS, QUEUE = (variable.operand for variable in FIELDS.values())
