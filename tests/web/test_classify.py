"""`/api/classify` over HTTP."""

from typing import Any

import pytest

from meterd.access import Scope
from tests.process import Meterd, make_token
from tests.web.browser import OWN_PAGE, signed_in

TEXT = "\U0001f600 Write to alice@example.com, card 4111 1111 1111 1111"


def found(meterd: Meterd, **body: object) -> list[dict[str, Any]]:
    answer = meterd.client.post("/api/classify", json=body)
    assert 200 == answer.status_code, answer.text
    list_: list[dict[str, Any]] = answer.json()["found"]
    return list_


def test_it_tells_what_is_found_where_and_by_what_it_was_checked(shared: Meterd) -> None:
    mail, card = found(shared, text=TEXT)

    assert ("EMAIL_ADDRESS", "Contact", 100, ["tld"]) == tuple(
        mail[name] for name in ("name", "category", "confidence", "validators")
    )
    assert ("CREDIT_CARD_NUMBER", ["luhn"]) == (card["name"], card["validators"])
    for each in (mail, card):
        assert each["text"] == TEXT[each["start"] : each["end"]]
        assert each["description"]


def test_less_likely_things_are_found_where_that_is_asked_for(shared: Meterd) -> None:
    text = "the number 4532015112830366 and 123-45-6789"

    assert len(found(shared, text=text, minimum="VERY_UNLIKELY")) > len(found(shared, text=text, minimum="VERY_LIKELY"))


def test_profiles_are_listed_and_chosen(shared: Meterd) -> None:
    profiles = shared.client.get("/api/classify").json()
    (default,) = (each for each in profiles if each["isDefault"])

    assert default["classifiers"] > 100
    assert found(shared, text=TEXT) == found(shared, text=TEXT, profile=default["uuid"], version=default["version"])


def test_nothing_of_a_text_is_kept(shared: Meterd) -> None:
    secret = "zebra-text alice@example.com"
    before = [shared.query(datasource=name).json() for name in ("guardrailMetrics", "aiGuardMetrics")]
    with signed_in(shared) as client:
        assert 200 == client.post("/api/classify", json={"text": secret}, headers=OWN_PAGE).status_code

    assert before == [shared.query(datasource=name).json() for name in ("guardrailMetrics", "aiGuardMetrics")]
    assert b"zebra-text" not in shared.log
    assert "zebra" not in shared.client.get("/metrics").text


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{}", 400, "text is required"),
        (b"{", 400, "the body is not JSON"),
        (b'{"text": 1}', 400, "text must be a string, got a number"),
        (b'{"text": "a", "version": 0}', 400, "version must be at least 1"),
        (b'{"text": "a", "minimum": "SURE"}', 400, "minimum must be one of"),
        (b'{"text": "a", "profile": "none"}', 400, "none"),
        (b'{"text": "a", "profile": "00000000-0000-0000-0000-000000000000"}', 400, "00000000-0000"),
        (b'{"text": "' + b"a" * 2**20 + b'"}', 413, "1048576 bytes"),
    ],
)
def test_what_can_not_be_classified_is_refused(shared: Meterd, body: bytes, status: int, said: str) -> None:
    answer = shared.client.post("/api/classify", content=body)

    assert status == answer.status_code, answer.text
    assert said in answer.json()["message"]


@pytest.mark.parametrize("member", ["minimum", "profile"])
def test_a_refusal_repeats_little_of_what_was_sent(shared: Meterd, member: str) -> None:
    answer = shared.client.post("/api/classify", json={"text": "a", member: "x" * 100_000})

    assert 400 == answer.status_code
    assert len(answer.content) < 1000


def test_it_is_for_those_who_may_ask(shared: Meterd) -> None:
    mute = make_token(shared.data, "mute", scopes=(Scope.INGEST,)).token
    headers = {"Authorization": f"Bearer {mute}"}

    assert 403 == shared.anonymous.post("/api/classify", json={"text": ""}, headers=headers).status_code
    assert 401 == shared.anonymous.get("/api/classify").status_code
