"""Telephone numbers, dates of birth and accounts as people and firms print them."""

import datetime
import string
from random import Random

from faker import Faker
from phonenumbers import PhoneNumberFormat
from stdnum import iban, luhn

from tests.classify.heldout.contact import telephone
from tests.classify.heldout.drawing import (
    Draw,
    birthday,
    born,
    characters,
    one_of,
    until,
)
from tests.classify.heldout_second.values import KnownBy, Value

_INTERNATIONAL = PhoneNumberFormat.INTERNATIONAL
_NATIONAL = PhoneNumberFormat.NATIONAL
ABROAD = ("AT", "AU", "CH", "PL", "SE", "NO", "DK", "FI", "MX", "AR", "ZA", "KR", "CN", "TR", "IL", "IE", "PT", "AE")
HOME = ("US", "GB", "DE", "FR", "NL", "ES", "IT", "IN", "JP", "BR")
ACCOUNTS = ("de_DE", "en_GB", "fr_FR", "it_IT", "es_ES", "nl_NL", "pl_PL", "de_AT", "de_CH", "pt_PT")
_MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
}
_DAY = {"de": "{day}. {month} {year}", "es": "{day} de {month} de {year}", "pt": "{day} de {month} de {year}"}


def account(locale: str) -> Draw:
    fake = Faker(locale)

    def draw(random: Random) -> str:
        fake.seed_instance(random.getrandbits(32))
        return fake.iban()

    return until(iban.is_valid, draw)


def in_fours(draw: Draw) -> Draw:
    def printed(random: Random) -> str:
        number = draw(random)
        return " ".join(number[start : start + 4] for start in range(0, len(number), 4))

    return printed


def coordination(random: Random) -> str:
    """Of Sweden, for people who are not registered: sixty is added to the day, and the check digit follows Luhn."""
    date = birthday(random)
    number = f"{date:%y%m}{date.day + 60}{characters(random, string.digits, 3)}"
    return f"{number[:6]}-{number[6:]}{luhn.calc_check_digit(number)}"


def _month_named(language: str) -> Draw:
    months = _MONTHS[language].split()

    def draw(random: Random) -> str:
        date = birthday(random)
        form = _DAY.get(language, "{day} {month} {year}")
        return form.format(day=date.day, month=months[date.month - 1], year=date.year)

    return draw


def _east_asian(form: str) -> Draw:
    def draw(random: Random) -> str:
        date: datetime.date = birthday(random)
        return form.format(date.year, date.month, date.day)

    return draw


def _with_trunk_zero(random: Random) -> str:
    """As firms of Germany print it: +49 (0)30 …"""
    return telephone("DE", _INTERNATIONAL)(random).replace("+49 ", "+49 (0)", 1)


def _from_abroad(random: Random) -> str:
    return telephone("DE", _INTERNATIONAL)(random).replace("+", "00", 1)


def _with_slash(random: Random) -> str:
    return telephone("DE", _NATIONAL)(random).replace(" ", "/", 1)


def _dotted(random: Random) -> str:
    return telephone("US", _NATIONAL)(random).replace("(", "").replace(") ", ".").replace("-", ".")


def _in_pairs(random: Random) -> str:
    return telephone("FR", _NATIONAL)(random).replace(" ", random.choice(".-"))


def _link(random: Random) -> str:
    return telephone(random.choice(HOME), PhoneNumberFormat.RFC3966)(random).removeprefix("tel:")


def telephones() -> dict[str, Value]:
    found = {
        f"PHONE_NUMBER {region}": Value(
            "PHONE_NUMBER", KnownBy.FORM, telephone(region, _INTERNATIONAL), frozenset({f"{region}_PHONE_NUMBER"})
        )
        for region in (*HOME, *ABROAD)
    }
    found |= {
        f"{region}_PHONE_NUMBER national": Value(
            f"{region}_PHONE_NUMBER", KnownBy.CONTEXT, telephone(region, _NATIONAL)
        )
        for region in HOME
    }
    named = {"US": _dotted, "FR": _in_pairs}
    found |= {
        f"{region}_PHONE_NUMBER printed": Value(f"{region}_PHONE_NUMBER", KnownBy.FORM, draw)
        for region, draw in named.items()
    }
    called = frozenset({"PHONE_NUMBER"})
    found["DE_PHONE_NUMBER trunk"] = Value("DE_PHONE_NUMBER", KnownBy.FORM, _with_trunk_zero, called)
    found["DE_PHONE_NUMBER abroad"] = Value("DE_PHONE_NUMBER", KnownBy.FORM, _from_abroad, called)
    found["DE_PHONE_NUMBER slash"] = Value("DE_PHONE_NUMBER", KnownBy.CONTEXT, _with_slash)
    found["PHONE_NUMBER link"] = Value(
        "PHONE_NUMBER", KnownBy.FORM, _link, frozenset(f"{region}_PHONE_NUMBER" for region in HOME)
    )
    return found


def births() -> dict[str, Value]:
    draws = {
        "us": born("%m/%d/%Y"),
        "gb": born("%d/%m/%Y"),
        "english": one_of(born("%d %B %Y"), born("%B %d, %Y")),
        "iso": born("%Y-%m-%d"),
        "dots": born("%d.%m.%Y"),
        "dashes": born("%d-%m-%Y"),
        "ja": _east_asian("{}年{}月{}日"),
        "ko": _east_asian("{}년 {}월 {}일"),
        "slashes": born("%Y/%m/%d"),
    } | {language: _month_named(language) for language in _MONTHS}
    return {f"DATE_OF_BIRTH {form}": Value("DATE_OF_BIRTH", KnownBy.CONTEXT, draw) for form, draw in draws.items()}
