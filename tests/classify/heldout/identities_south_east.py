"""Identity and tax numbers of southern and eastern Europe and of Turkey."""

from random import Random

from stdnum.it import codicefiscale
from stdnum.tr import tckimlik

from tests.classify.heldout import check_digits
from tests.classify.heldout.drawing import (
    birthday,
    born,
    characters,
    checked,
    grouped,
    joined,
    masked,
    until,
    valid,
)
from tests.classify.heldout.kind import by_context, told_alone

_PLACES = ("H501", "F205", "L219", "F839", "D612", "A944")


def _italian(random: Random) -> str:
    date = birthday(random)
    day = date.day + random.choice((0, 40))
    letters = characters(random, "BCDFGLMNPRSTVZ", 6)
    return f"{letters}{date:%y}{'ABCDEHLMPRST'[date.month - 1]}{day:02}{random.choice(_PLACES)}"


def _emso_birthday(random: Random) -> str:
    date = birthday(random)
    return f"{date:%d%m}{date.year % 1000:03}"


_IT = checked(_italian, codicefiscale.calc_check_digit)
_ES_DNI = valid("es.dni", masked("########?"))
_ES_NIE = valid("es.nie", masked("X#######?", "Y#######?", "Z#######?"))
_PT_CARD = valid("pt.cc", masked("1########Z##", "0########ZY#", "1########??#"))
_PT_TAX = valid("pt.nif", masked("1########", "2########"))
_ES_CCC = valid("es.ccc", masked("2100################", "0049################", "0182################"))
_PL_CARD = until(check_digits.polish_card, masked("A??######", "C??######", "D??######"))
_CZ = valid("cz.rc", joined(born("%y%m%d"), masked("####")))
_NIP = valid("pl.nip", masked("5#########", "7#########", "8#########"))
_TR = checked(masked("1########", "3########", "5########"), tckimlik.calc_check_digits)
_SNILS = checked(masked("1########"), check_digits.russian_pension)

KINDS = (
    told_alone(
        "ES_DNI",
        "es",
        ("DNI", "documento de identidad"),
        ("dni",),
        grouped(_ES_DNI, "#########", "########-#"),
        _ES_DNI,
    ),
    told_alone(
        "ES_NIE", "es", ("NIE", "número de extranjero"), ("nie",), grouped(_ES_NIE, "#########", "#-#######-#"), _ES_NIE
    ),
    told_alone("IT_CODICEFISCALE", "it", ("codice fiscale", "C.F.", "CF"), ("codice_fiscale", "cf"), _IT, _IT),
    told_alone(
        "ES_CCC",
        "es",
        ("CCC", "número de cuenta", "cuenta bancaria"),
        ("ccc", "cuenta"),
        grouped(_ES_CCC, "#### #### ## ##########", "####-####-##-##########"),
        grouped(_ES_CCC, "#### #### ## ##########", "####-####-##-##########"),
    ),
    told_alone(
        "PT_CC",
        "pt",
        ("Cartão de Cidadão", "CC", "número do cartão de cidadão"),
        ("cartao_cidadao",),
        grouped(_PT_CARD, "######## # ###", "############"),
        grouped(_PT_CARD, "######## # ###"),
    ),
    told_alone(
        "PT_NIF",
        "pt",
        ("NIF", "contribuinte", "número de contribuinte"),
        ("nif", "contribuinte"),
        grouped(_PT_TAX, "#########", "### ### ###"),
        grouped(_PT_TAX, "PT#########"),
    ),
    by_context("GR_AMKA", "el", ("ΑΜΚΑ", "AMKA"), ("amka",), valid("gr.amka", joined(born("%d%m%y"), masked("#####")))),
    told_alone(
        "HR_OIB",
        "hr",
        ("OIB", "osobni identifikacijski broj"),
        ("oib",),
        valid("hr.oib", masked("###########")),
        grouped(valid("hr.oib", masked("###########")), "HR###########"),
    ),
    by_context("BG_EGN", "bg", ("ЕГН", "EGN"), ("egn",), valid("bg.egn", joined(born("%y%m%d"), masked("####")))),
    by_context(
        "SI_EMSO", "sl", ("EMŠO", "EMSO"), ("emso",), valid("si.emso", joined(_emso_birthday, masked("50####")))
    ),
    told_alone(
        "SK_RC",
        "sk",
        ("rodné číslo", "r.č."),
        ("rodne_cislo",),
        grouped(_CZ, "######/####", "##########"),
        grouped(_CZ, "######/####"),
    ),
    by_context(
        "PL_IDENTITY_CARD",
        "pl",
        ("dowód osobisty", "numer dowodu", "nr dowodu"),
        ("dowod_osobisty", "numer_dowodu"),
        grouped(_PL_CARD, "#########", "### ######"),
    ),
    told_alone(
        "CZ_RC",
        "cs",
        ("rodné číslo", "r.č.", "RČ"),
        ("rodne_cislo", "rc"),
        grouped(_CZ, "######/####", "##########"),
        grouped(_CZ, "######/####"),
    ),
    told_alone(
        "PL_NIP",
        "pl",
        ("NIP", "numer NIP"),
        ("nip",),
        grouped(_NIP, "###-###-##-##", "##########", "###-##-##-###"),
        grouped(_NIP, "###-###-##-##"),
    ),
    by_context(
        "PL_PESEL",
        "pl",
        ("PESEL", "numer PESEL"),
        ("pesel",),
        valid("pl.pesel", joined(born("%y%m%d"), masked("#####"))),
    ),
    by_context(
        "RO_CNP",
        "ro",
        ("CNP", "cod numeric personal"),
        ("cnp",),
        valid("ro.cnp", joined(masked("1", "2"), born("%y%m%d"), masked("0#####", "1#####", "40####"))),
    ),
    by_context(
        "RU_INN",
        "ru",
        ("ИНН", "идентификационный номер"),
        ("inn", "инн"),
        valid("ru.inn", masked("77##########", "50##########")),
    ),
    told_alone(
        "RU_SNILS",
        "ru",
        ("СНИЛС", "номер СНИЛС"),
        ("snils",),
        grouped(_SNILS, "###-###-### ##", "###-###-###-##", "###########"),
        grouped(_SNILS, "###-###-### ##"),
    ),
    by_context("TR_TCKIMLIK", "tr", ("T.C. kimlik no", "TC kimlik numarası", "TCKN"), ("tckn", "tc_kimlik_no"), _TR),
)
