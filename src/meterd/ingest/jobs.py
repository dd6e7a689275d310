"""The service's own jobs, as facts of `process_runs`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from meterd.access import DEFAULT_TENANT, SubjectType
from meterd.datasets import PROCESS_RUNS
from meterd.datasets.usage import MEASURED
from meterd.ingest.admission import admission
from meterd.ingest.facts import Submission, encode
from meterd.ingest.recorder import Recorder

_SUBJECT = "meterd"


class JobRecorder:
    """Records jobs of the service that run in its threads."""

    def __init__(self, recorder: Recorder, is_recorded: bool) -> None:
        self._recorder = recorder
        self._is_recorded = is_recorded

    @contextmanager
    def job(self, name: str) -> Iterator[None]:
        """Record one run of a job, the block; it failed when that raises."""
        started, began = time.monotonic(), datetime.now(UTC)
        status = "failed"
        try:
            yield
            status = "success"
        finally:
            if self._is_recorded:
                self._record(name, began, status, round((time.monotonic() - started) * 1000))

    def _record(self, name: str, began: datetime, status: str, duration: int) -> None:
        row = PROCESS_RUNS.row_type(
            ts=began,
            subject=_SUBJECT,
            subject_type=str(SubjectType.VIRTUAL_ACCOUNT),
            name=name,
            origin=MEASURED,
            trigger="scheduled",
            status=status,
            duration=duration,
        )
        admission(PROCESS_RUNS).require(row)
        self._recorder.write(Submission((encode(PROCESS_RUNS, DEFAULT_TENANT, [row]),)))
