"""A fact of the made-up company, and what facts of one request have in common."""

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from meterd.datasets import Dataset
from meterd.demo.company import Person

if TYPE_CHECKING:
    from meterd.datasets.rows import GatewayRequest, GuardrailEvaluation, McpCall, ModelCall, Row, RowColumns

    class GatewayColumns(RowColumns, total=False):
        """What facts about the gateway's traffic have in common."""

        subject_id: str | None
        conversation_id: str | None

    GatewayRow = GatewayRequest | GuardrailEvaluation | McpCall | ModelCall


class Fact(NamedTuple):
    """A row, and the dataset that it is of."""

    dataset: Dataset
    row: "Row"


class Request(NamedTuple):
    """A request to the gateway: when it began, whose it is, and what its facts are found by."""

    random: Random
    at: datetime
    person: Person
    conversation: str
    trace: str
    labels: dict[str, str]

    def columns(self, after: float = 0) -> "GatewayColumns":
        """Return the columns that all of its facts have; this one begins so many milliseconds `after` the request."""
        return {
            "ts": self.at + timedelta(milliseconds=after),
            "subject": self.person.slug,
            "subject_type": self.person.kind,
            "subject_id": self.person.id,
            "teams": [self.person.team],
            "metadata": self.labels,
            "trace_id": self.trace,
            "span_id": f"{self.random.getrandbits(64):016x}",
            "conversation_id": self.conversation,
        }


def around(random: Random, usual: float, spread: float = 0.38) -> float:
    """Return a duration that is mostly near the usual one, and sometimes much longer."""
    return round(usual * random.lognormvariate(0, spread), 2)
