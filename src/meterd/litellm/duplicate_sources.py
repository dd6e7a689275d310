"""Detects a LiteLLM that reports every call twice, by its callback and by OpenTelemetry."""

import structlog

from meterd.access import Caller

log = structlog.get_logger()


class DuplicateSourceDetector:
    """Notices a token whose LiteLLM reports by both sources: one call then has two identities, and counts twice."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], str] = {}
        self._warned: set[tuple[str, str]] = set()

    def note(self, caller: Caller, source: str) -> None:
        """Remember that the caller's LiteLLM reported by `source`; warn once when it is the second one."""
        subject = (caller.tenant, caller.subject)
        if self._first.setdefault(subject, source) != source and subject not in self._warned:
            self._warned.add(subject)
            log.warning("LiteLLM reports by its callback and by OpenTelemetry: calls count twice", subject=subject[1])
