"""The meters and their attributes (`docs/specifications/ai-guard.md` sections 5.3 and 6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meterd.access import Caller, SubjectType
from meterd.api.aiguard.meters import Meter, MeterEvent, meter_event_row
from meterd.datasets import METERS
from meterd.errors import InvalidInput

CALLER = Caller("acme", "guard", SubjectType.VIRTUAL_ACCOUNT, ("red",))
COMMON = {"agent_id": "billing-bot", "platform": "DATABRICKS"}
REQUIRED: dict[str, dict[str, str]] = {
    "ai_guard.agent": COMMON,
    "ai_guard.user": COMMON | {"new_session": "true"},
    "ai_guard.redact": COMMON | {"action": "block", "actor": "agent"},
}
CLOSED = {
    "platform": ["AMAZON_BEDROCK", "AMAZON_SAGEMAKER", "AZURE_FOUNDRY", "DATABRICKS", "GCP_VERTEX"],
    "new_session": ["true", "false"],
    "action": ["redact", "block"],
    "actor": ["user", "agent"],
}
EVERY_KEY = {key for attributes in REQUIRED.values() for key in attributes}
METER_KEYS = [(meter, key) for meter, attributes in REQUIRED.items() for key in attributes]
CLOSED_VALUES = [(meter, key, value) for meter, key in METER_KEYS for value in CLOSED.get(key, [])]


def row(meter: str = "ai_guard.agent", value: str = "1", allowed: frozenset[str] = frozenset(), **changes: Any) -> Any:
    """The fact of an event with the meter's own attributes, changed; a change to None leaves one out."""
    attributes = {key: text for key, text in (REQUIRED.get(meter, COMMON) | changes).items() if text is not None}
    return meter_event_row(MeterEvent(attributes, Meter(meter, value)), CALLER, allowed)


def test_three_meters_can_be_submitted() -> None:
    assert METERS.keys() == REQUIRED.keys()


@pytest.mark.parametrize("meter", REQUIRED)
def test_a_meter_is_accepted_with_exactly_its_own_attributes(meter: str) -> None:
    fact = row(meter, "1234")
    columns = {"agent" if key == "agent_id" else key: text for key, text in REQUIRED[meter].items()}

    assert (fact.meter, fact.value, fact.metadata) == (meter, 1234, None)
    assert {name: getattr(fact, name) for name in columns} == columns


@pytest.mark.parametrize("name", ["ai_guard.classification", "", "AI_GUARD.AGENT", "agent", "ai_guard.agent "])
def test_other_meters_are_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"^Unknown meter: {name}$"):
        row(name)


@pytest.mark.parametrize(("meter", "key"), METER_KEYS)
def test_every_required_attribute_is_named_when_missing(meter: str, key: str) -> None:
    with pytest.raises(InvalidInput, match=f"^Missing attribute: {key}$"):
        row(meter, "1", frozenset(), **{key: None})


@pytest.mark.parametrize(("meter", "key", "value"), CLOSED_VALUES)
def test_every_listed_value_is_accepted(meter: str, key: str, value: str) -> None:
    assert getattr(row(meter, "1", frozenset(), **{key: value}), key) == value


@pytest.mark.parametrize(("meter", "key"), [(meter, key) for meter, key in METER_KEYS if key in CLOSED])
@pytest.mark.parametrize("value", ["", "databricks", "True", "delete", "Agent", "🤖"])
def test_values_that_are_not_listed_are_refused_with_the_key(meter: str, key: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"^Invalid value for {key}"):
        row(meter, "1", frozenset(), **{key: value})


@pytest.mark.parametrize("agent", ["", " ", "🤖", "x" * 1000])
def test_any_text_is_an_agent(agent: str) -> None:
    assert row(agent_id=agent).agent == agent


def test_texts_are_as_long_as_their_columns() -> None:
    assert len(row(agent_id="x" * 4096).agent) == 4096
    with pytest.raises(InvalidInput, match=r"^Invalid value for agent_id: must be at most 4096 characters long$"):
        row(agent_id="x" * 4097)
    allowed = frozenset({"region"})
    assert row(allowed=allowed, region="x" * 128).metadata == {"region": "x" * 128}
    with pytest.raises(InvalidInput, match=r"^Invalid value for region: is longer than 128 characters, key or value$"):
        row(allowed=allowed, region="x" * 129)


@pytest.mark.parametrize("meter", REQUIRED)
def test_attributes_of_other_meters_are_not_allowed(meter: str) -> None:
    for key in EVERY_KEY - REQUIRED[meter].keys():
        with pytest.raises(InvalidInput, match=f"^Attribute not allowed: {key}$"):
            row(meter, "1", frozenset(), **{key: "true"})


@pytest.mark.parametrize("meter", REQUIRED)
@pytest.mark.parametrize("key", ["region", "Agent_id", ""])
def test_further_attributes_are_not_allowed(meter: str, key: str) -> None:
    with pytest.raises(InvalidInput, match=f"^Attribute not allowed: {key}$"):
        row(meter, allowed=frozenset({"city"}), **{key: "x"})


@pytest.mark.parametrize("meter", REQUIRED)
def test_allowed_attributes_become_dimensions_and_stay_optional(meter: str) -> None:
    allowed = frozenset({"region", "city"})

    assert row(meter, allowed=allowed, region="eu").metadata == {"region": "eu"}
    assert row(meter, allowed=allowed).metadata is None


@pytest.mark.parametrize("key", ["new_session", "action", "actor", "classifier"])
def test_an_attribute_of_another_meter_can_be_allowed_and_is_the_same_dimension(key: str) -> None:
    fact = row("ai_guard.agent", allowed=frozenset({key}), **{key: "user"})

    assert (getattr(fact, key), fact.metadata) == ("user", None)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("1", 1), ("007", 7), ("9007199254740993", 2**53 + 1), ("18446744073709551615", 2**64 - 1)],
)
def test_values_are_unsigned_64_bit_integers(text: str, value: int) -> None:
    assert row(value=text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-1",
        "+1",
        "1.0",
        "1.234",
        "1e3",
        "0x10",
        "1_000",
        " 1",
        "1 ",
        "1\n",
        "NaN",
        "one",
        "١",
        "²",
        "18446744073709551616",
        "9" * 5000,
    ],
)
def test_other_values_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^Invalid meter value: "):
        row(value=text)


def test_a_fact_belongs_to_the_caller_and_the_moment() -> None:
    before = datetime.now(UTC)
    fact = row()

    assert (fact.subject, fact.subject_type, list(fact.teams)) == ("guard", "virtualaccount", ["red"])
    assert before <= fact.ts <= before + timedelta(minutes=1)
