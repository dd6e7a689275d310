"""Accounts, cards, telephone numbers and dates of birth in forms that the second part doesn't have."""

import datetime
from collections.abc import Callable
from random import Random

from phonenumbers import PhoneNumberFormat
from stdnum import luhn

from tests.classify.heldout.contact import telephone
from tests.classify.heldout.drawing import Draw, birthday, born, checked, grouped, masked, one_of
from tests.classify.heldout_second.printed import HOME, account, in_fours
from tests.classify.heldout_second.values import KnownBy, Value

ACCOUNTS = ("nl_BE", "da_DK", "fi_FI", "no_NO", "en_IE", "ro_RO", "el_GR", "cs_CZ", "sk_SK", "tr_TR", "uk_UA", "fr_CH")
ABROAD = (
    *("BE", "LU", "GR", "CZ", "SK", "HU", "RO", "BG", "HR", "RS", "UA", "SI", "EE", "LV", "LT", "IS"),
    *("SA", "EG", "NG", "KE", "MA", "GH", "PK", "BD", "LK", "HK", "TW", "SG", "MY", "ID", "PH", "TH", "VN", "NZ"),
    *("CL", "CO", "PE", "UY", "EC", "CR", "AT", "SE"),
)
_INTERNATIONAL = PhoneNumberFormat.INTERNATIONAL
_NATIONAL = PhoneNumberFormat.NATIONAL
_MONTHS = {
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "hu": "január február március április május június július augusztus szeptember október november december",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "el": "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου "
    "Δεκεμβρίου",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
}
_FORMS = {
    "da": "{day}. {month} {year}",
    "nb": "{day}. {month} {year}",
    "fi": "{day}. {month} {year}",
    "cs": "{day}. {month} {year}",
    "hu": "{year}. {month} {day}.",
    "uk": "{day} {month} {year} р.",
}


def _month_named(language: str) -> Draw:
    months = _MONTHS[language].split()
    form = _FORMS.get(language, "{day} {month} {year}")

    def draw(random: Random) -> str:
        date = birthday(random)
        return form.format(day=date.day, month=months[date.month - 1], year=date.year)

    return draw


def _dated(form: Callable[[datetime.date], str]) -> Draw:
    return lambda random: form(birthday(random))


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def births() -> dict[str, Value]:
    draws = {
        "ordinal": one_of(
            _dated(lambda date: f"{_ordinal(date.day)} of {date:%B} {date.year}"),
            _dated(lambda date: f"{date:%B} {_ordinal(date.day)}, {date.year}"),
        ),
        "short month": one_of(born("%d-%b-%Y"), born("%d %b %Y"), born("%b %d, %Y")),
        "unpadded": _dated(lambda date: f"{date.month}/{date.day}/{date.year}"),
        "unpadded dots": _dated(lambda date: f"{date.day}.{date.month}.{date.year}"),
        "compact": born("%Y%m%d"),
        "year first dots": born("%Y.%m.%d"),
        "year first slashes": born("%Y/%m/%d"),
        "dots": born("%d.%m.%Y"),
        "slashes": born("%d/%m/%Y"),
        "dashes": born("%d-%m-%Y"),
        "iso": born("%Y-%m-%d"),
        "us": born("%m/%d/%Y"),
        "two figures": born("%d.%m.%y"),
        "midnight": born("%Y-%m-%dT00:00:00Z"),
        "zh": _dated(lambda date: f"{date.year}年{date.month:02}月{date.day:02}日"),
        "ko": born("%Y.%m.%d"),
        "vi": _dated(lambda date: f"{date.day}/{date.month}/{date.year}"),
    } | {language: _month_named(language) for language in _MONTHS}
    return {f"DATE_OF_BIRTH {form}": Value("DATE_OF_BIRTH", KnownBy.CONTEXT, draw) for form, draw in draws.items()}


def accounts() -> dict[str, Value]:
    found = {
        f"IBAN_CODE {locale}": Value("IBAN_CODE", KnownBy.CHECK_DIGITS, in_fours(account(locale)))
        for locale in (*ACCOUNTS, "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL", "pt_PT", "de_AT", "de_CH", "en_GB")
    }
    every = one_of(*map(account, ACCOUNTS))
    found["IBAN_CODE bare"] = Value("IBAN_CODE", KnownBy.CHECK_DIGITS, every)
    found["IBAN_CODE fours"] = Value("IBAN_CODE", KnownBy.CHECK_DIGITS, in_fours(every))
    return found


_SIXTEEN = checked(
    masked("4##############", "52#############", "2720###########", "6221###########", "3566###########"),
    luhn.calc_check_digit,
)
_AMERICAN = checked(masked("34############", "37############"), luhn.calc_check_digit)
_DINERS = checked(masked("36###########", "3050#########"), luhn.calc_check_digit)


def cards() -> dict[str, Value]:
    draws = {
        "fours": grouped(_SIXTEEN, "#### #### #### ####"),
        "dashes": grouped(_SIXTEEN, "####-####-####-####"),
        "bare": _SIXTEEN,
        "amex": grouped(_AMERICAN, "#### ###### #####"),
        "amex dashes": grouped(_AMERICAN, "####-######-#####"),
        "diners": grouped(_DINERS, "#### ###### ####"),
        "any bare": one_of(_SIXTEEN, _AMERICAN, _DINERS),
    }
    return {
        f"CREDIT_CARD_NUMBER {form}": Value("CREDIT_CARD_NUMBER", KnownBy.CHECK_DIGITS, draw)
        for form, draw in draws.items()
    }


def _changed(region: str, form: int, *replacements: tuple[str, str]) -> Draw:
    def draw(random: Random) -> str:
        text = telephone(region, form)(random)
        for old, new in replacements:
            text = text.replace(old, new, 1)
        return text

    return draw


def _grouped_in_threes(random: Random) -> str:
    number = telephone("ES", _NATIONAL)(random).replace(" ", "")
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def _american_with_dashes(random: Random) -> str:
    digits = "".join(sign for sign in telephone("US", _NATIONAL)(random) if sign.isdigit())
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def telephones() -> dict[str, Value]:
    found = {
        f"PHONE_NUMBER {region}": Value(
            "PHONE_NUMBER", KnownBy.FORM, telephone(region, _INTERNATIONAL), frozenset({f"{region}_PHONE_NUMBER"})
        )
        for region in (*ABROAD, *HOME)
    }
    found |= {
        f"PHONE_NUMBER {region} bare": Value(
            "PHONE_NUMBER",
            KnownBy.FORM,
            telephone(region, PhoneNumberFormat.E164),
            frozenset({f"{region}_PHONE_NUMBER"}),
        )
        for region in HOME
    }
    found |= {
        f"{region}_PHONE_NUMBER national": Value(
            f"{region}_PHONE_NUMBER", KnownBy.CONTEXT, telephone(region, _NATIONAL)
        )
        for region in HOME
    }
    near_words = {
        "DE dash": _changed("DE", _NATIONAL, (" ", "-")),
        "FR solid": _changed("FR", _NATIONAL, *((" ", ""),) * 4),
        "NL dash": _changed("NL", _NATIONAL, (" ", "-")),
        "ES threes": _grouped_in_threes,
        "IN dash": _changed("IN", _NATIONAL, (" ", "-")),
        "GB brackets": _changed("GB", _NATIONAL, ("0", "(0"), (" ", ") ")),
        "BR solid": _changed("BR", _NATIONAL, ("(", ""), (") ", " ")),
    }
    found |= {
        f"{name[:2]}_PHONE_NUMBER {name[3:]}": Value(f"{name[:2]}_PHONE_NUMBER", KnownBy.CONTEXT, draw)
        for name, draw in near_words.items()
    }
    found["US_PHONE_NUMBER dashes"] = Value("US_PHONE_NUMBER", KnownBy.FORM, _american_with_dashes)
    called = frozenset({"PHONE_NUMBER"})
    alone = {
        "US country": lambda random: f"1-{_american_with_dashes(random)}",
        "US plus": lambda random: f"+1-{_american_with_dashes(random)}",
        "GB trunk": _changed("GB", _INTERNATIONAL, ("+44 ", "+44 (0)")),
        "FR trunk": _changed("FR", _INTERNATIONAL, ("+33 ", "+33 (0)")),
        "IT abroad": _changed("IT", _INTERNATIONAL, ("+", "00")),
        "IN plus": _changed("IN", _INTERNATIONAL, (" ", "-"), (" ", "-")),
        "BR plus": _changed("BR", _INTERNATIONAL, ("+55 11 ", "+55 (11) ")),
    }
    return found | {
        f"{name[:2]}_PHONE_NUMBER {name[3:]}": Value(f"{name[:2]}_PHONE_NUMBER", KnownBy.FORM, draw, called)
        for name, draw in alone.items()
    }
