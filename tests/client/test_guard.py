import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from meterd.client import (
    AsyncClient,
    AsyncGuard,
    Client,
    ClientClosed,
    Guard,
    Match,
    Policy,
    Redaction,
    StatusError,
    UnexpectedAnswer,
)
from tests.client.guard_service import TOKEN, GuardService, Reply
from tests.process import Meterd

PHONE = "phone 321-507-0525 number"
FOUND = [Match(6, 10, 100, "321-", "US_AREA_CODE"), Match(6, 18, 100, "321-507-0525", "US_PHONE_NUMBER")]


@pytest.fixture
def service() -> Iterator[GuardService]:
    with GuardService() as service:
        yield service


@pytest.fixture
def client(service: GuardService) -> Iterator[Client]:
    with Client(service.url, TOKEN) as client:
        yield client


@pytest.fixture
def guard(client: Client) -> Guard:
    return client.guard("billing-bot", platform="DATABRICKS")


@pytest.fixture
async def asynchronous(service: GuardService) -> AsyncIterator[AsyncGuard]:
    async with AsyncClient(service.url, TOKEN) as client:
        yield client.guard("billing-bot", platform="DATABRICKS")


def events(meterd: Meterd, agent: str) -> list[dict[str, Any]]:
    """The meter events of an agent, by meter and action."""
    mine = {"fieldName": "agentId", "operator": "EQUAL", "value": agent}
    return meterd.points(
        datasource="aiGuardMetrics",
        groupBy=["meter", "action"],
        filters=[mine],
        aggregations=[{"type": "sum", "column": "value"}],
    )


def test_a_text_is_classified_with_the_default_profile(guard: Guard, service: GuardService) -> None:
    assert guard.classify(PHONE) == FOUND
    assert service.classifications == [
        {
            "context": {"actor": "user", "agent_id": "billing-bot", "platform": "DATABRICKS"},
            "classifierDescription": {
                "type": "profile",
                "uuid": "7dbf380f-0af8-4276-acb0-85413db2dbff",
                "version": 1,
            },
            "structured": False,
            "metadata": {},
            "text": PHONE,
        }
    ]
    assert service.events == []


@pytest.mark.parametrize(
    ("classifiers", "description"),
    [
        ("6a0e", {"type": "profile", "uuid": "6a0e", "version": 1}),
        (
            ["phonenumber", "US_SSN"],
            {"type": "codes", "codes": [{"code": "phonenumber", "version": 1}, {"code": "US_SSN", "version": 1}]},
        ),
        ([], {"type": "codes", "codes": []}),
        ([{"name": "BADGE"}], {"type": "json", "classifiers": [{"name": "BADGE"}]}),
        ({"type": "default"}, {"type": "default"}),
    ],
)
def test_classifiers_can_be_chosen(
    guard: Guard, service: GuardService, classifiers: Any, description: dict[str, Any]
) -> None:
    guard.classify(PHONE, "agent", classifiers=classifiers, metadata={"objectName": "home_phone"}, structured=True)
    (body,) = service.classifications
    assert body["classifierDescription"] == description
    assert (body["context"]["actor"], body["metadata"], body["structured"]) == (
        "agent",
        {"objectName": "home_phone"},
        True,
    )


def test_codes_and_definitions_are_not_mixed(guard: Guard) -> None:
    with pytest.raises(ValueError, match="all codes or all definitions"):
        guard.classify(PHONE, classifiers=["phonenumber", {"name": "BADGE"}])


def test_offsets_count_characters(guard: Guard) -> None:
    text = f"😀 é {PHONE}"
    assert [text[match.start : match.end] for match in guard.classify(text)] == ["321-", "321-507-0525"]


@pytest.mark.parametrize("half", [chr(0xD83D), chr(0xDCE9)])
async def test_a_text_that_is_no_unicode_is_classified_and_redacted_at_the_right_places(
    guard: Guard, asynchronous: AsyncGuard, service: GuardService, half: str
) -> None:
    text = f"{half}😀 {half} {PHONE} {half}"
    found = guard.classify(text, metadata={"objectName": half})
    assert [text[match.start : match.end] for match in found] == ["321-", "321-507-0525"]
    assert found == await asynchronous.classify(text)
    assert guard.redact(text).text == f"{half}😀 {half} phone ************ number {half}"
    assert "".join(guard.stream(text)) == guard.redact(text).text
    assert service.classifications[0]["text"] == f"\ufffd😀 \ufffd {PHONE} \ufffd"
    guard.metric("ai_guard.user", 1, new_session=half)


def test_a_match_does_not_show_what_it_found() -> None:
    shown = repr(Redaction("phone ************ number", FOUND, "redact"))
    assert "321" not in shown
    assert "Match(US_PHONE_NUMBER [6, 18), confidence 100)" in shown


@pytest.mark.parametrize(
    ("policy", "text", "action"),
    [
        ("redact", "phone ************ number", "redact"),
        ("block", "", "block"),
        ("none", PHONE, "none"),
        (Policy(mask="#"), "phone ############ number", "redact"),
        (Policy("none", {"US_AREA_CODE": "redact"}), "phone ****507-0525 number", "redact"),
        (Policy("redact", {"US_PHONE_NUMBER": "block"}), "", "block"),
        (Policy("block", {"US_PHONE_NUMBER": "none", "US_AREA_CODE": "none"}), PHONE, "none"),
    ],
)
async def test_a_text_is_redacted_by_its_policy_and_that_is_counted(
    guard: Guard, asynchronous: AsyncGuard, service: GuardService, policy: Any, text: str, action: str
) -> None:
    redaction = guard.redact(PHONE, policy=policy)
    assert redaction == Redaction(text, FOUND, action)  # type: ignore[arg-type]
    assert redaction == await asynchronous.redact(PHONE, policy=policy)
    assert redaction.blocked == (action == "block")
    assert service.redactions == ([] if action == "none" else [(action, "user")] * 2)


def test_a_text_without_matches_stays_as_it_is(guard: Guard, service: GuardService) -> None:
    assert guard.redact("nothing", policy="block") == Redaction("nothing", [], "none")
    assert guard.redact("") == Redaction("", [], "none")
    assert service.events == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"default": "mask"}, "policy must be one of none, redact, block, got 'mask'"),
        ({"classifiers": {"US_SSN": "drop"}}, "policy must be one of none, redact, block, got 'drop'"),
        ({"mask": ""}, "mask must be one character, got ''"),
        ({"mask": "**"}, "mask must be one character"),
    ],
)
def test_a_wrong_policy_is_named(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Policy(**arguments)


def test_a_wrong_policy_sends_nothing(guard: Guard, service: GuardService) -> None:
    with pytest.raises(ValueError, match="policy must be one of"):
        guard.redact(PHONE, policy="mask")  # type: ignore[arg-type]
    assert service.classifications == []


async def test_what_the_service_refuses_is_raised(
    guard: Guard, asynchronous: AsyncGuard, service: GuardService
) -> None:
    service.replies.extend([Reply(400, {"code": 400, "message": "Profile not found: x"})] * 2)
    with pytest.raises(StatusError, match="Profile not found: x"):
        guard.redact(PHONE, classifiers="x")
    with pytest.raises(StatusError, match="Profile not found: x"):
        await asynchronous.redact(PHONE, classifiers="x")
    assert service.events == []


def test_a_wrong_token_is_refused(service: GuardService) -> None:
    with Client(service.url, "mtr_other") as client, pytest.raises(StatusError, match="bearer token"):
        client.guard("billing-bot", "DATABRICKS").classify(PHONE)


@pytest.mark.usefixtures("impatient")
def test_an_overloaded_service_is_asked_again(guard: Guard, service: GuardService) -> None:
    service.replies.extend([Reply(503, {"code": 503, "message": "full"})] * 2)
    assert guard.classify(PHONE) == FOUND


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"matches": None},
        {"matches": [{"start": 0, "end": 1, "confidence": 100, "text": "p"}]},
        *(
            {"matches": [{"start": start, "end": end, "confidence": 100, "text": "", "classifier": "X"}]}
            for start, end in [(-1, 2), (3, 2), (0, 26)]
        ),
    ],
)
def test_an_answer_that_can_not_be_right_redacts_nothing_in_silence(
    guard: Guard, service: GuardService, answer: dict[str, Any]
) -> None:
    service.replies.append(Reply(200, answer))
    with pytest.raises(UnexpectedAnswer):
        guard.redact(PHONE)


async def test_a_redaction_that_can_not_be_counted_is_logged(
    guard: Guard, asynchronous: AsyncGuard, service: GuardService, caplog: pytest.LogCaptureFixture
) -> None:
    service.metrics_are_on = False
    with caplog.at_level(logging.ERROR, "meterd.client"):
        assert guard.redact(PHONE).text == (await asynchronous.redact(PHONE)).text == "phone ************ number"
    assert caplog.messages == ["a redaction is not counted: Metrics not permitted (status 400)"] * 2


async def test_events_of_meters_carry_what_they_need(
    guard: Guard, asynchronous: AsyncGuard, service: GuardService
) -> None:
    own = {"agent_id": "billing-bot", "platform": "DATABRICKS"}
    guard.user(new_session=True)
    await asynchronous.user(new_session=False)
    guard.response(1234.4)
    await asynchronous.response(7)
    guard.metric("ai_guard.redact", 3, action="block", actor="agent")
    assert [(event["meter"]["name"], event["meter"]["value"]) for event in service.events] == [
        ("ai_guard.user", "1"),
        ("ai_guard.user", "1"),
        ("ai_guard.agent", "1234"),
        ("ai_guard.agent", "7"),
        ("ai_guard.redact", "3"),
    ]
    assert [event["attributes"] for event in service.events] == [
        own | {"new_session": "true"},
        own | {"new_session": "false"},
        own,
        own,
        own | {"action": "block", "actor": "agent"},
    ]


def test_attributes_of_a_guard_go_with_everything(client: Client, service: GuardService) -> None:
    guard = client.guard("billing-bot", "GCP_VERTEX", attributes={"department": "sales", "platform": "other"})
    guard.redact(PHONE)
    own = {"agent_id": "billing-bot", "platform": "GCP_VERTEX", "department": "sales", "actor": "user"}
    assert service.classifications[0]["context"] == own
    assert service.events[0]["attributes"] == own | {"action": "redact"}


def test_a_guard_of_a_closed_client_raises(client: Client, guard: Guard) -> None:
    client.close()
    with pytest.raises(ClientClosed):
        guard.redact(PHONE)


async def test_meterd_finds_the_same_in_texts_and_streams(shared: Meterd) -> None:
    async def arriving() -> AsyncIterator[str]:
        for character in PHONE:
            yield character

    phone = Match(6, 18, 100, "321-507-0525", "US_PHONE_NUMBER")
    redacted = Redaction("phone ************ number", [phone], "redact")
    with Client(shared.url, shared.token) as client:
        guard = client.guard("guard-that-classifies", "DATABRICKS")
        assert guard.classify(PHONE) == guard.classify(PHONE, classifiers=["US_PHONE_NUMBER"]) == [phone]
        assert guard.classify(f"😀 é {PHONE}")[0].start == 10
        assert guard.redact(PHONE) == redacted
        stream = guard.stream(PHONE)
        assert ("".join(stream), stream.matches) == (redacted.text, redacted.matches)
        with pytest.raises(StatusError, match="Profile not found: none"):
            guard.redact(PHONE, classifiers="none")
    async with AsyncClient(shared.url, shared.token) as other:
        late = other.guard("guard-that-classifies", "DATABRICKS").stream(arriving(), policy="block")
        assert ("".join([part async for part in late]), late.blocked) == ("phone ", True)
    counted = {
        (point["meter"], point["action"]): point["sumValue"] for point in events(shared, "guard-that-classifies")
    }
    assert counted == {
        ("ai_guard.classification", None): 6,
        ("ai_guard.redact", "redact"): 2,
        ("ai_guard.redact", "block"): 1,
    }


@pytest.mark.parametrize("window", [64, 256])
def test_what_meterd_finds_in_a_long_text_is_redacted_in_a_stream_too(shared: Meterd, window: int) -> None:
    text = "call 321-507-0525 or write ann@example.com, not to 10.0.0.1 😀\n" * 40
    with Client(shared.url, shared.token) as client:
        guard = client.guard("guard-of-long-texts", "DATABRICKS")
        whole = guard.redact(text)
        stream = guard.stream((text[start : start + 7] for start in range(0, len(text), 7)), window=window)
        assert ("".join(stream), stream.matches) == (whole.text, whole.matches)
        assert len(whole.matches) >= 80


def test_meterd_counts_the_events(shared: Meterd) -> None:
    with Client(shared.url, shared.token) as client:
        guard = client.guard("guard-of-the-client", "AZURE_FOUNDRY")
        guard.user(new_session=True)
        guard.response(250)
        guard.metric("ai_guard.redact", 2, action="redact", actor="agent")
        with pytest.raises(StatusError, match=r"Unknown meter: ai_guard\.other"):
            guard.metric("ai_guard.other", 1)
    assert {point["meter"]: point["sumValue"] for point in events(shared, "guard-of-the-client")} == {
        "ai_guard.user": 1,
        "ai_guard.agent": 250,
        "ai_guard.redact": 2,
    }
