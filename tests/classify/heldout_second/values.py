"""Values of the second part: those of the first one by their own names, and forms that the first one doesn't have.

A place in a template has the name of a classifier, perhaps with a form behind a blank: `⟦US_SSN dots⟧`.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from tests.classify import heldout
from tests.classify.heldout.drawing import Draw


class KnownBy(StrEnum):
    """What tells a reader, and a classifier, what a value is."""

    FORM = "form"
    CHECK_DIGITS = "check digits"
    CONTEXT = "context"


class Value(NamedTuple):
    """A classifier's name, what tells the value, how it is drawn, and other names that are as right."""

    name: str
    known_by: KnownBy
    draw: Draw
    also: frozenset[str] = frozenset()


CHECKED = {
    "AE_EMIRATES_ID": "luhn",
    "AR_CBU": "ar.cbu",
    "AR_CUIT": "ar.cuit",
    "BE_NN": "be.nn",
    "BR_CNPJ": "br.cnpj",
    "BR_CPF": "br.cpf",
    "CA_SIN": "ca.sin",
    "CH_SSN": "ch.ssn",
    "CL_RUT": "cl.rut",
    "CN_RIC": "cn.ric",
    "CO_NIT": "co.nit",
    "CREDIT_CARD_NUMBER": "luhn",
    "CZ_RC": "cz.rc",
    "DE_IDNR": "de.idnr",
    "ES_CCC": "es.ccc",
    "ES_DNI": "es.dni",
    "ES_NIE": "es.nie",
    "FI_HETU": "fi.hetu",
    "FR_NIR": "fr.nir",
    "HR_OIB": "hr.oib",
    "IBAN_CODE": "iban",
    "IMEI": "imei",
    "IN_AADHAAR": "in_.aadhaar",
    "IS_KENNITALA": "is_.kennitala",
    "IT_CODICEFISCALE": "it.codicefiscale",
    "KR_RRN": "kr.rrn",
    "LV_PVN": "lv.pvn",
    "MX_CURP": "mx.curp",
    "PL_NIP": "pl.nip",
    "PT_CC": "pt.cc",
    "PT_NIF": "pt.nif",
    "SE_PERSONNUMMER": "luhn",
    "SK_RC": "sk.rc",
    "TH_PIN": "th.pin",
}
"""Kinds that are told by check digits, and the module of python-stdnum that knows these."""
CHECKED_OTHERWISE = {
    "BITCOIN_ADDRESS": "base58check",
    "BITCOIN_PRIVATE_KEY": "base58check",
    "BITCOIN_SEGWIT_ADDRESS": "bech32",
    "CARD_TRACK_DATA": "card_track",
    "EXTENDED_PRIVATE_KEY": "base58check",
    "HK_IDENTITY_CARD": "hk_identity_card",
    "MACHINE_READABLE_ZONE": "machine_readable_zone",
    "RU_SNILS": "ru_snils",
}
"""Kinds that are told by other check digits, and the rule of ours that knows these."""
SEPARATORS = str.maketrans("", "", " .-/()")


def _first_part() -> Iterator[tuple[str, Value]]:
    """Every kind but those that have several languages; what has a form of its own is printed in that form."""
    for kind in heldout.KINDS:
        if kind.name != "DATE_OF_BIRTH":
            yield kind.name, Value(kind.name, _told_by(kind), kind.plain or kind.draw)


def _told_by(kind: heldout.Kind) -> KnownBy:
    if kind.name in CHECKED or kind.name in CHECKED_OTHERWISE:
        return KnownBy.CHECK_DIGITS
    return KnownBy.FORM if kind.by_form else KnownBy.CONTEXT


FIRST = dict(_first_part())


def bare(draw: Draw) -> Draw:
    """Without anything between the digits."""
    return lambda random: draw(random).translate(SEPARATORS)
