"""Identity, tax, health and social security numbers of western and northern Europe."""

import string
from random import Random

from stdnum.fr import nif, nir

from tests.classify.heldout import check_digits
from tests.classify.heldout.drawing import (
    CONSONANTS,
    birthday,
    born,
    characters,
    checked,
    grouped,
    joined,
    masked,
    one_of,
    until,
    valid,
)
from tests.classify.heldout.kind import by_context, told_alone

_NINO_LETTERS = "ABCEGHJKLMNPRSTWXYZ"
_NINO_UNUSED = ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ")
_GERMAN_SIGNS = string.digits + "CFGHJKLMNPRTVWXYZ"


def _nino(random: Random) -> str:
    prefix = until(lambda letters: letters not in _NINO_UNUSED and letters[1] != "O", _two_letters)(random)
    return prefix + characters(random, string.digits, 6) + random.choice("ABCD")


def _two_letters(random: Random) -> str:
    return characters(random, _NINO_LETTERS, 2)


def _british_driver(random: Random) -> str:
    date = birthday(random)
    month = date.month + random.choice((0, 50))
    surname = random.choice(("SMITH", "JONES", "TAYLO", "BROWN", "WILLI", "EVANS", "KHAN9", "LEE99", "PATEL", "WRIGH"))
    day = f"{date.year % 100 // 10}{month:02}{date.day:02}{date.year % 10}"
    return f"{surname}{day}{characters(random, 'ABCDEJLMRS', 2)}9{characters(random, CONSONANTS, 2)}"


def _german_tax_body(random: Random) -> str:
    """Ten digits, of which one is there twice and one is missing."""
    digits = random.sample(string.digits, 9)
    digits.append(random.choice(digits))
    random.shuffle(digits)
    return "".join(digits)


def _german_card(random: Random) -> str:
    number = random.choice("LMNPRTVWXY") + characters(random, string.digits, 2) + characters(random, _GERMAN_SIGNS, 6)
    return number + random.choice(("", check_digits.document(number)))


_NINO = grouped(_nino, "## ## ## ## #", "#########")
_NHS = valid("gb.nhs", masked("##########"))
_DE_TAX = valid("de.idnr", until(lambda body: body[0] != "0", joined(_german_tax_body, masked("#"))))
_PENSION = checked(joined(masked("12", "26", "53", "65"), born("%d%m%y"), masked("?##")), check_digits.german_pension)
_FR_TAX = checked(joined(masked("0#########", "1#########", "2#########")), nif.calc_check_digits)
_FR_SECURITY = checked(
    joined(masked("1", "2"), born("%y%m"), masked("75###", "13###", "69###", "33###", "59###"), masked("###")),
    nir.calc_check_digits,
)
_AT = valid("at.vnr", joined(masked("####"), born("%d%m%y")))
_BE = valid("be.nn", joined(born("%y%m%d"), masked("#####")))
_CH = valid("ch.ssn", masked("756##########"))
_NL = valid("nl.bsn", masked("1########", "2########"))
_NL_CARD = valid("nl.identiteitskaartnummer", masked("I??##??#8", "SP?#?###2", "NX?#R#?#1", "B%#C##D#4"))
_DK = valid("dk.cpr", joined(born("%d%m%y"), masked("0###", "1###", "2###")))
_FI = checked(joined(born("%d%m%y"), "-", masked("0##", "1##", "2##", "4##", "8##")), check_digits.finnish)
_NO = valid("no.fodselsnummer", joined(born("%d%m%y"), masked("#####")))
_IS = valid("is_.kennitala", joined(born("%d%m%y"), masked("###9")))
_SE = valid("se.personnummer", joined(one_of(born("%y%m%d"), born("%Y%m%d")), "-", masked("####")))

KINDS = (
    told_alone(
        "GB_NINO", "en", ("National Insurance number", "NI number", "NINO"), ("ni_number", "nino"), _NINO, _NINO
    ),
    by_context("GB_NHS", "en", ("NHS number", "NHS no."), ("nhs_number",), grouped(_NHS, "### ### ####", "##########")),
    by_context(
        "GB_SORT_CODE", "en", ("sort code", "Sort Code"), ("sort_code",), masked("20-##-##", "40-##-##", "60-##-##")
    ),
    by_context("GB_UTR", "en", ("UTR", "Unique Taxpayer Reference"), ("utr",), valid("gb.utr", masked("##########"))),
    told_alone(
        "GB_DRIVING_LICENCE",
        "en",
        ("driving licence", "driving licence number", "driver number"),
        ("driving_licence", "licence_number"),
        _british_driver,
        _british_driver,
    ),
    by_context(
        "IE_PPS", "en", ("PPS number", "PPSN"), ("ppsn", "pps_number"), valid("ie.pps", masked("#######?", "#######?A"))
    ),
    told_alone(
        "DE_IDNR",
        "de",
        ("Steuer-ID", "Steueridentifikationsnummer", "IdNr."),
        ("steuer_id", "steuerliche_identifikationsnummer"),
        grouped(_DE_TAX, "## ### ### ###", "###########"),
        grouped(_DE_TAX, "## ### ### ###"),
    ),
    by_context(
        "DE_SOCIAL_SECURITY_NUMBER",
        "de",
        ("Rentenversicherungsnummer", "Sozialversicherungsnummer", "RVNR", "SV-Nummer"),
        ("sv_nummer", "rentenversicherungsnummer"),
        grouped(_PENSION, "## ###### # ###", "############"),
    ),
    by_context(
        "DE_IDENTITY_CARD",
        "de",
        ("Personalausweisnummer", "Ausweisnummer", "Personalausweis Nr.", "Reisepassnummer"),
        ("ausweisnummer", "personalausweis"),
        _german_card,
    ),
    by_context(
        "DE_HEALTH_INSURANCE_NUMBER",
        "de",
        ("Versichertennummer", "Krankenversichertennummer", "KVNR"),
        ("versichertennummer", "kvnr"),
        checked(masked("?########"), check_digits.german_health),
    ),
    by_context(
        "FR_NIF",
        "fr",
        ("numéro fiscal", "n° fiscal", "SPI"),
        ("numero_fiscal", "nif"),
        grouped(_FR_TAX, "## ## ### ### ###", "#############"),
    ),
    told_alone(
        "FR_NIR",
        "fr",
        ("numéro de sécurité sociale", "n° de sécu", "NIR"),
        ("numero_securite_sociale", "nir"),
        grouped(_FR_SECURITY, "# ## ## ## ### ### ##", "###############"),
        grouped(_FR_SECURITY, "# ## ## ## ### ### ##"),
    ),
    by_context(
        "AT_VNR",
        "de",
        ("SVNR", "Sozialversicherungsnummer", "SV-Nr."),
        ("svnr", "sozialversicherungsnummer"),
        grouped(_AT, "#### ######", "##########"),
    ),
    told_alone(
        "BE_NN",
        "nl",
        ("rijksregisternummer", "INSZ"),
        ("rijksregisternummer", "numero_national"),
        grouped(_BE, "##.##.##-###.##", "###########"),
        grouped(_BE, "##.##.##-###.##"),
    ),
    told_alone(
        "CH_SSN",
        "de",
        ("AHV-Nummer", "AHV-Nr.", "Sozialversicherungsnummer"),
        ("ahv_nummer", "avs"),
        grouped(_CH, "###.####.####.##", "#############"),
        grouped(_CH, "###.####.####.##"),
    ),
    by_context("NL_BSN", "nl", ("BSN", "burgerservicenummer"), ("bsn", "burgerservicenummer"), _NL),
    by_context(
        "NL_IDENTITEITSKAARTNUMMER",
        "nl",
        ("paspoortnummer", "documentnummer", "nummer identiteitskaart"),
        ("documentnummer", "paspoortnummer"),
        _NL_CARD,
    ),
    by_context(
        "DK_CPR",
        "da",
        ("CPR-nummer", "CPR", "personnummer"),
        ("cpr", "cpr_nummer"),
        grouped(_DK, "######-####", "##########"),
    ),
    told_alone("FI_HETU", "fi", ("henkilötunnus", "hetu"), ("henkilotunnus", "hetu"), _FI, _FI),
    by_context(
        "NO_FODSELSNUMMER",
        "nb",
        ("fødselsnummer", "personnummer", "fnr"),
        ("fodselsnummer", "fnr"),
        grouped(_NO, "###########", "###### #####"),
    ),
    by_context(
        "EE_IK",
        "et",
        ("isikukood",),
        ("isikukood",),
        valid("ee.ik", joined(masked("3", "4"), born("%y%m%d"), masked("####"))),
    ),
    by_context(
        "LT_ASMENS",
        "lt",
        ("asmens kodas", "a.k."),
        ("asmens_kodas",),
        valid("lt.asmens", joined(masked("3", "4"), born("%y%m%d"), masked("####"))),
    ),
    told_alone(
        "IS_KENNITALA",
        "is",
        ("kennitala", "kt."),
        ("kennitala",),
        grouped(_IS, "######-####", "##########"),
        grouped(_IS, "######-####"),
    ),
    told_alone("SE_PERSONNUMMER", "sv", ("personnummer", "persnr"), ("personnummer", "pnr"), _SE, _SE),
)
