"""PINs and security codes are found where they are said, asked for and written down; other numbers are left alone."""

import pytest

from meterd.classify import Engine, codes
from meterd.classify.system import system_library

ENGINE = Engine(system_library())


def found(text: str, code: str) -> list[str]:
    return [match.text for match in ENGINE.classify(text, codes([(code, 1)]))]


@pytest.mark.parametrize(
    "form",
    [
        "my pin is {}",
        "My pin is `{}`, the machine swallowed the card",
        "the PIN for the card is {}",
        "the pin for the blue card is {}",
        "PIN: {}",
        "pin code {}",
        "what is your PIN?\nann: {}",
        "Meine PIN lautet {}",
        "Geheimzahl {}",
        "mon code PIN est {}",
        "código PIN: {}",
        "il codice PIN è {}",
        "mijn pincode is {}",
        "min PIN-kod är {}",
        "ПИН-код {}",
        "暗証番号は{}です",
        "name,pin\nann,{}\n",
    ],
)
def test_a_pin_is_found_where_it_is_said(form: str) -> None:
    assert ["4821"] == found(form.format("4821"), "account_pin")


@pytest.mark.parametrize(
    "text",
    [
        "pin 4 of the connector is ground, pin 12 carries 5 V",
        "PIN ist vierstellig. Rechnung 12345",
        "the PIN must have 4821 digits",
        "spinning: 4821 rounds, pinned: 1234",
        "pin the message 4821 to the board",
        "the pin is optional",
    ],
)
def test_other_pins_and_numbers_are_none(text: str) -> None:
    assert [] == found(text, "account_pin")


@pytest.mark.parametrize(
    "form",
    [
        "the cvv is {}",
        "CVC2: {}",
        "Agent: and the security code?\nCustomer: {}",
        "security code\n{}\n",
        "the three digits on the back are {}",
        "the three digits on the back of my card: {}",
        "Prüfziffer {}",
        "cryptogramme visuel : {}",
        "código de seguridad {}",
        "codice di sicurezza: {}",
        "beveiligingscode is {}",
        "код безопасности {}",
        "安全码：{}",
        "セキュリティコードは{}です",
        '{{"cvc": "{}"}}',
        "card,cvv\n4012888888881881,{}\n",
    ],
)
def test_a_security_code_is_found_where_it_is_said(form: str) -> None:
    assert ["321"] == found(form.format("321"), "card_security_code")


@pytest.mark.parametrize(
    "text",
    [
        "the security code expires in 120 seconds",
        "cvv has 3 digits, amex 4",
        "a security code of 100 characters",
        "error code 404",
        "cvc 12.50",
    ],
)
def test_counts_and_other_codes_are_none(text: str) -> None:
    assert [] == found(text, "card_security_code")
