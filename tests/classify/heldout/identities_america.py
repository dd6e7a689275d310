"""Identity, tax, health and account numbers of the Americas."""

import string
from random import Random

from stdnum import luhn
from stdnum.mx import rfc

from tests.classify.heldout import check_digits
from tests.classify.heldout.drawing import (
    CAPITALS,
    CONSONANTS,
    born,
    characters,
    checked,
    grouped,
    joined,
    masked,
    one_of,
    some,
    until,
    valid,
)
from tests.classify.heldout.kind import by_context, told_alone

_BENEFICIARY_LETTERS = "ACDEFGHJKMNPQRTUVWXY"
_STATES = ("DF", "JC", "NL", "PL", "MC", "GT", "OC")


def _beneficiary(random: Random) -> str:
    """Each place of a Medicare beneficiary identifier is a digit, a letter or either."""
    alphabets = {
        "c": "123456789",
        "a": _BENEFICIARY_LETTERS,
        "n": string.digits,
        "x": _BENEFICIARY_LETTERS + string.digits,
    }
    return "".join(random.choice(alphabets[place]) for place in "caxnaxnaann")


def _curp(random: Random) -> str:
    name = random.choice(CONSONANTS) + random.choice("AEIOU") + characters(random, CONSONANTS, 2)
    middle = random.choice("HM") + random.choice(_STATES) + characters(random, CONSONANTS, 3)
    return name + born("%y%m%d")(random) + middle + characters(random, string.digits, 2)


_SSN = valid("us.ssn", masked("#########"))
_ITIN = valid("us.itin", masked("9########"))
_SIN = valid("ca.sin", masked("1########", "4########", "7########"))
_NPI = until(lambda number: bool(luhn.is_valid("80840" + number)), masked("1#########"))
_RFC = checked(
    joined(some(CONSONANTS, 1), some("AEIOU", 1), some(CONSONANTS, 2), born("%y%m%d"), some(CAPITALS, 2)),
    rfc.calc_check_digit,
)
_CLABE = checked(masked("002180###########", "012320###########", "014580###########"), check_digits.mexican_account)
_CBU = valid("ar.cbu", masked("0110###4##############", "0720###3##############", "2850590#4009041#######"))
_CUIT = valid("ar.cuit", masked("20#########", "27#########", "23#########"))
_CNPJ = valid("br.cnpj", masked("########0001##"))
_CPF = valid("br.cpf", masked("###########"))
_RUT = valid("cl.rut", one_of(masked("1########"), masked("1#######K")))
_NIT = valid("co.nit", masked("8#########", "9#########"))

KINDS = (
    told_alone(
        "US_SSN",
        "en",
        ("SSN", "social security number", "social"),
        ("ssn", "social_security_number"),
        grouped(_SSN, "###-##-####", "###-##-####", "#########"),
        grouped(_SSN, "###-##-####"),
    ),
    told_alone(
        "US_ITIN",
        "en",
        ("ITIN", "individual taxpayer identification number"),
        ("itin",),
        grouped(_ITIN, "###-##-####"),
        grouped(_ITIN, "###-##-####"),
    ),
    by_context(
        "US_EIN",
        "en",
        ("EIN", "employer identification number", "tax ID"),
        ("ein", "employer_id"),
        grouped(valid("us.ein", masked("#########")), "##-#######"),
    ),
    by_context(
        "US_RTN",
        "en",
        ("routing number", "ABA", "routing no."),
        ("routing_number", "aba"),
        valid("us.rtn", masked("02#######", "12#######", "31#######")),
    ),
    by_context(
        "US_BANK_ACCOUNT",
        "en",
        ("account number", "bank account", "checking account"),
        ("account_number", "bank_account"),
        masked("#########", "##########", "############"),
    ),
    by_context(
        "US_PASSPORT",
        "en",
        ("passport number", "passport no.", "US passport"),
        ("passport_number", "passport_no"),
        masked("5########", "A########", "4########"),
    ),
    by_context(
        "US_DRIVER_LICENSE",
        "en",
        ("driver's license", "driver license number", "DL#"),
        ("drivers_license", "dl_number"),
        masked("?#######", "?###-###-##-###-#", "########"),
    ),
    told_alone(
        "US_MEDICARE_BENEFICIARY",
        "en",
        ("Medicare number", "MBI", "Medicare ID"),
        ("mbi", "medicare_number"),
        grouped(_beneficiary, "####-###-####", "###########"),
        grouped(_beneficiary, "####-###-####"),
    ),
    by_context("US_NPI", "en", ("NPI", "NPI number", "National Provider Identifier"), ("npi", "provider_npi"), _NPI),
    by_context(
        "US_DEA_NUMBER",
        "en",
        ("DEA number", "DEA", "DEA #"),
        ("dea_number", "dea"),
        checked(masked("A?######", "B?######", "M?######"), check_digits.american_prescriber),
    ),
    told_alone(
        "CA_SIN",
        "en",
        ("SIN", "social insurance number"),
        ("sin", "social_insurance_number"),
        grouped(_SIN, "### ### ###", "###-###-###", "#########"),
        grouped(_SIN, "###-###-###"),
    ),
    by_context(
        "CA_BC_PHN",
        "en",
        ("PHN", "personal health number", "CareCard"),
        ("phn", "personal_health_number"),
        grouped(valid("ca.bc_phn", masked("9#########")), "#### ### ###", "##########"),
    ),
    told_alone("MX_CURP", "es", ("CURP", "clave CURP"), ("curp",), valid("mx.curp", _curp), valid("mx.curp", _curp)),
    by_context("MX_RFC", "es", ("RFC", "RFC con homoclave"), ("rfc",), _RFC),
    by_context("MX_CLABE", "es", ("CLABE", "CLABE interbancaria", "cuenta CLABE"), ("clabe",), _CLABE),
    told_alone("AR_CBU", "es", ("CBU", "número de CBU"), ("cbu",), _CBU, _CBU),
    told_alone(
        "AR_CUIT",
        "es",
        ("CUIT", "CUIL", "CUIT/CUIL"),
        ("cuit", "cuil"),
        grouped(_CUIT, "##-########-#", "###########"),
        grouped(_CUIT, "##-########-#"),
    ),
    told_alone(
        "BR_CNPJ",
        "pt",
        ("CNPJ", "CNPJ da empresa"),
        ("cnpj",),
        grouped(_CNPJ, "##.###.###/####-##", "##############"),
        grouped(_CNPJ, "##.###.###/####-##"),
    ),
    told_alone(
        "BR_CPF",
        "pt",
        ("CPF", "CPF do titular"),
        ("cpf",),
        grouped(_CPF, "###.###.###-##", "###########"),
        grouped(_CPF, "###.###.###-##"),
    ),
    told_alone(
        "CL_RUT",
        "es",
        ("RUT", "RUN"),
        ("rut",),
        grouped(_RUT, "##.###.###-#", "########-#"),
        grouped(_RUT, "##.###.###-#"),
    ),
    told_alone(
        "CO_NIT",
        "es",
        ("NIT", "NIT de la empresa"),
        ("nit",),
        grouped(_NIT, "###.###.###-#", "#########-#"),
        grouped(_NIT, "###.###.###-#"),
    ),
)
