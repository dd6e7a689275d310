"""The published AI Guard SDK, unmodified, against a running server (`docs/specifications/ai-guard.md` section 12)."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ai_guard import AIGuardClient, ClassificationStream
from ai_guard.api import (
    AIPlatform,
    ClassificationRequest,
    ClassifierDescriptionDefault,
    ClassifierDescriptionProfile,
    MetricsEvent,
    MetricsEventMeter,
)
from ai_guard.redact.redactor import ClassificationRedactor, RedactKind, RedactPolicy

from tests.process import Meterd


def connect(meterd: Meterd, agent: str, token: str = "", platform: Any = AIPlatform.GCP_VERTEX) -> AIGuardClient:
    """A client as a user makes it."""
    return AIGuardClient(meterd.url, token or meterd.token, agent, platform)


def event(meter: str, value: str = "1", **attributes: str) -> MetricsEvent:
    return MetricsEvent(attributes=attributes, meter=MetricsEventMeter(name=meter, value=value))


def points(meterd: Meterd, agent: str, *fields: str, **body: Any) -> list[dict[str, Any]]:
    """What the server has of an agent, by meter and other fields."""
    mine = [{"fieldName": "agent", "operator": "EQUAL", "value": agent}]
    found = meterd.points(datasource="aiGuardMetrics", groupBy=["meter", *fields], filters=mine, **body)
    return sorted(found, key=lambda point: point["meter"])


def settings(folder: Path, text: str) -> Path:
    file = folder / "meterd.yaml"
    file.write_text(text)
    return file


def test_each_meter_is_accepted_and_found_again(shared: Meterd) -> None:
    client = connect(shared, "every-meter")
    client.metric(event("ai_guard.agent", "1834"))
    client.metric(event("ai_guard.user", new_session="true"))
    client.metric(event("ai_guard.redact", action="block", actor="agent"))
    assert points(shared, "every-meter", "platform", "new_session", "action", "actor") == [
        {
            "total": 1,
            "meter": "ai_guard.agent",
            "platform": "GCP_VERTEX",
            "new_session": None,
            "action": None,
            "actor": None,
        },
        {
            "total": 1,
            "meter": "ai_guard.redact",
            "platform": "GCP_VERTEX",
            "new_session": None,
            "action": "block",
            "actor": "agent",
        },
        {
            "total": 1,
            "meter": "ai_guard.user",
            "platform": "GCP_VERTEX",
            "new_session": "true",
            "action": None,
            "actor": None,
        },
    ]


@pytest.mark.parametrize("platform", list(AIPlatform))
def test_each_platform_of_the_sdk_is_accepted(shared: Meterd, platform: AIPlatform) -> None:
    client = connect(shared, f"on-{platform}", platform=platform)
    client.metric(event("ai_guard.agent", "7"))
    assert points(shared, f"on-{platform}", "platform") == [
        {"total": 1, "meter": "ai_guard.agent", "platform": str(platform)}
    ]


@pytest.mark.parametrize("token", ["wrong", "mtr_" + "a" * 32, "mtr_"])
def test_a_wrong_token_is_a_permission_error(shared: Meterd, token: str) -> None:
    client = connect(shared, "intruder", token=token)
    with pytest.raises(PermissionError, match=r"^Invalid or missing bearer token$"):
        client.metric(event("ai_guard.agent"))


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (event("made.up.meter"), r"^Unknown meter: made\.up\.meter$"),
        (event("ai_guard.classification", actor="user"), r"^Unknown meter: ai_guard\.classification$"),
        (event("ai_guard.user"), r"^Missing attribute: new_session$"),
        (event("ai_guard.redact", action="block"), r"^Missing attribute: actor$"),
        (event("ai_guard.agent", colour="red"), r"^Attribute not allowed: colour$"),
        (event("ai_guard.user", new_session="yes"), r"^Invalid value for new_session"),
        (event("ai_guard.redact", action="delete", actor="user"), r"^Invalid value for action"),
        (event("ai_guard.agent", "1.234"), r"^Invalid meter value: 1\.234$"),
        (event("ai_guard.agent", "-1"), r"^Invalid meter value: -1$"),
        (event("ai_guard.agent", str(2**64)), r"^Invalid meter value: 18446744073709551616$"),
    ],
)
def test_a_bad_event_is_a_value_error_that_says_what_is_wrong(shared: Meterd, sent: MetricsEvent, message: str) -> None:
    client = connect(shared, "careless")
    with pytest.raises(ValueError, match=message):
        client.metric(sent)
    assert points(shared, "careless") == []


def test_a_platform_that_is_not_listed_is_a_value_error(shared: Meterd) -> None:
    client = connect(shared, "elsewhere", platform="MY_LAPTOP")
    with pytest.raises(ValueError, match=r"^Invalid value for platform.*GCP_VERTEX"):
        client.metric(event("ai_guard.agent"))


def test_four_threads_with_one_client_are_counted_exactly(shared: Meterd) -> None:
    client = connect(shared, "busy")
    with ThreadPoolExecutor(4) as threads:
        sent = [event("ai_guard.agent", str(milliseconds)) for milliseconds in range(1, 401)]
        sent += [event("ai_guard.redact", action="redact", actor="user") for _ in range(100)]
        list(threads.map(client.metric, sent))
    aggregations = [{"type": kind, "column": "value"} for kind in ("sum", "min", "max")]
    agent, redact = points(shared, "busy", aggregations=aggregations)
    assert (agent["total"], agent["sumValue"], agent["minValue"], agent["maxValue"]) == (400, 80200, 1, 400)
    assert (redact["total"], redact["sumValue"]) == (100, 100)


def test_without_a_metrics_section_metrics_are_not_permitted(tmp_path: Path) -> None:
    config = settings(tmp_path, "service:\n  timeout: 10\n")
    with Meterd(tmp_path / "data", config=config) as meterd:
        client = connect(meterd, "unwelcome")
        with pytest.raises(ValueError, match=r"^Metrics not permitted$"):
            client.metric(event("ai_guard.agent"))


def test_a_shared_secret_file_and_an_allowed_attribute_work_as_in_ai_guards_own_settings(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("open sesame\n")
    config = settings(
        tmp_path,
        f"service: {{authorization: {{type: shared-secret, secret-path: {secret}}}}}\n"
        "metrics: {allowed-attributes: [region]}\n",
    )
    with Meterd(tmp_path / "data", config=config) as meterd:
        client = connect(meterd, "in-on-it", token="open sesame")
        client.metric(event("ai_guard.agent", "5", region="eu"))
        client = connect(meterd, "in-on-it", token="open barley")
        with pytest.raises(PermissionError, match=r"^Invalid or missing bearer token$"):
            client.metric(event("ai_guard.agent", "5", region="eu"))
        assert points(meterd, "in-on-it", "region") == [{"total": 1, "meter": "ai_guard.agent", "region": "eu"}]


def test_an_event_survives_a_kill_between_write_and_read(tmp_path: Path) -> None:
    meterd = Meterd(tmp_path)
    with meterd:
        client = connect(meterd, "survivor")
        client.metric(event("ai_guard.agent", "42"))
        meterd.kill()
    with meterd:
        assert points(meterd, "survivor") == [{"total": 1, "meter": "ai_guard.agent"}]


def asked(text: str, description: Any = None, **context: str) -> ClassificationRequest:
    return ClassificationRequest(
        description or ClassifierDescriptionDefault(), context={"actor": "user"} | context, text=text
    )


def test_a_phone_number_is_found_once_with_confidence_100(shared: Meterd) -> None:
    found = connect(shared, "classifies").classify(asked("phone 321-507-0525 number"))

    assert [(6, 18, 100, "US_PHONE_NUMBER")] == [
        (match.start, match.end, match.confidence, match.classifier) for match in found.matches
    ]
    assert points(shared, "classifies", "classifier", "actor") == [
        {"total": 1, "meter": "ai_guard.classification", "classifier": "US_PHONE_NUMBER", "actor": "user"}
    ]


def test_an_unknown_profile_is_a_value_error(shared: Meterd) -> None:
    with pytest.raises(ValueError, match="Profile not found: nowhere"):
        connect(shared, "classifies").classify(asked("x", ClassifierDescriptionProfile("nowhere", 1)))


def test_a_stream_is_redacted(shared: Meterd) -> None:
    text = "Hello 😀,\nplease phone 321-507-0525 now\nor mail ann@example.com\nbye\n"
    redactor = ClassificationRedactor(RedactPolicy([], RedactKind.REDACT, "*"))
    stream = ClassificationStream(
        ClassifierDescriptionDefault(), connect(shared, "streams"), iter(text), {"actor": "agent"}, redactor
    )

    redacted = "".join(part.text for part in stream)

    assert text.replace("321-507-0525", "*" * 12).replace("ann@example.com", "*" * 15) == redacted
