"""The base of both guards: whose texts and events they are."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from meterd.client.errors import MeterdClientError
from meterd.client.guard.wire import Actor, Classifiers, Counted, Platform, classification_request, metric_request
from meterd.client.wire import Request

WINDOW = 256

logger = logging.getLogger("meterd.client")


class BaseGuard:
    """Guards the texts of one AI agent."""

    def __init__(self, agent: str, platform: Platform, attributes: Mapping[str, str] | None) -> None:
        self._attributes = {**(attributes or {}), "agent_id": agent, "platform": platform}

    def _classification(
        self,
        text: str,
        actor: Actor,
        classifiers: Classifiers,
        metadata: Mapping[str, str] | None,
        structured: bool,
        counted: Counted | None,
    ) -> Request:
        context = self._attributes | {"actor": actor}
        return classification_request(text, context, classifiers, metadata, structured, counted)

    def _metric(self, name: str, value: int, attributes: Mapping[str, str]) -> Request:
        return metric_request(name, value, {**attributes, **self._attributes})


@contextmanager
def logging_failure() -> Iterator[None]:
    """Count a redaction inside: the text is safe, and that it is not counted is only logged."""
    try:
        yield
    except MeterdClientError as error:
        logger.error("a redaction is not counted: %s", error)
