from structlog.testing import capture_logs

from meterd.access import Caller, SubjectType
from meterd.litellm.duplicate_sources import DuplicateSourceDetector


def test_a_token_that_reports_by_both_sources_is_warned_of_once() -> None:
    detector = DuplicateSourceDetector()
    with capture_logs() as logs:
        for source in ("callback", "callback", "OpenTelemetry", "callback", "OpenTelemetry"):
            detector.note(Caller("acme", "proxy", SubjectType.VIRTUAL_ACCOUNT), source)

    assert [(entry["log_level"], entry["subject"]) for entry in logs] == [("warning", "proxy")]


def test_two_proxies_may_each_have_their_source() -> None:
    detector = DuplicateSourceDetector()
    with capture_logs() as logs:
        detector.note(Caller("acme", "one", SubjectType.VIRTUAL_ACCOUNT), "callback")
        detector.note(Caller("acme", "two", SubjectType.VIRTUAL_ACCOUNT), "OpenTelemetry")
        detector.note(Caller("other", "one", SubjectType.VIRTUAL_ACCOUNT), "OpenTelemetry")

    assert logs == []
