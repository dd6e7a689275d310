"""Telephone numbers, one classifier a region; phonenumbers knows which numbers a region has.

The number of the United States behaves as `docs/specifications/ai-guard.md` section 11.3 describes. The others are
likely when they begin
with their country's calling code, and very likely near a word for a telephone.
"""

from meterd.classify.catalog.declaring import terms
from meterd.classify.model import (
    Category,
    Classifier,
    Expression,
    Likelihood,
    Rule,
    Set,
    Target,
    bare,
    formatted,
    identifier,
    near,
    refuse,
    within,
)

_WORDS = terms(
    "call, cell, contact, fax, mobile, phone, tel, telephone, whatsapp, sms, dial, hotline, ph, cellphone, cells, "
    "mobiles, phones, landline, mob, telno, my number, your number, number to call, reach me, reach us, ring me, "
    "text me, call back, callback"
)
_GAP = "[ ./()-]{0,3}"
_WITH_ZERO = rf"\(?0(?:{_GAP}\d){{7,11}}"

_GERMAN = terms(
    "telefon, telefonnummer, telefonisch, handy, handynummer, rufnummer, mobil, mobilnummer, mobiltelefon, anruf, "
    "anrufen, rückruf, rückfragen, festnetz, durchwahl, erreichbar, fon, tel.-nr"
)
_FRENCH = terms(
    "téléphone, téléphoner, tél, portable, fixe, appelez, appeler, rappeler, rappelez, joindre, joignable, "
    "mon numéro, au numéro, gsm"
)
_DUTCH = terms(
    "telefoon, telefoonnummer, telefoonnr, telefonisch, mobiel, mobiele nummer, bel, bellen, bereikbaar, gsm, "
    "tel.nr, mijn nummer"
)
_SPANISH = terms(
    "teléfono, teléfonos, tfno, telf, tlf, móvil, móviles, celular, fijo, llamar, llame, llámame, llámeme, "
    "contacto, mi número"
)
_ITALIAN = terms(
    "telefono, telefonare, telefonico, cellulare, cellulari, cell, chiamare, chiamami, chiamatemi, recapito, "
    "fisso, mio numero"
)
_PORTUGUESE = terms("telefone, telefones, celular, celulares, fone, telemóvel, contato, ligar, ligue, zap, meu número")
_HINDI = ("मोबाइल", "फोन", "फ़ोन", "फ़ोन", "मोबाइल नंबर", "नंबर", "कॉल", "संपर्क")
_JAPANESE = ("電話", "電話番号", "携帯", "連絡先", "お電話")

# Region, what it is called, its calling code, how its numbers look without it, an example, words for a telephone.
_REGIONS: tuple[tuple[str, str, str, str, str, tuple[str, ...]], ...] = (
    ("GB", "the United Kingdom", "44", _WITH_ZERO, "+44 20 7946 0958", ()),
    ("IE", "Ireland", "353", _WITH_ZERO, "+353 1 677 1234", ()),
    ("DE", "Germany", "49", _WITH_ZERO, "+49 30 901820", _GERMAN),
    ("AT", "Austria", "43", _WITH_ZERO, "+43 1 58858 0", ("telefon", "handy", "rufnummer", "mobil")),
    ("CH", "Switzerland", "41", _WITH_ZERO, "+41 44 668 18 00", ("telefon", "handy", "téléphone", "natel")),
    ("FR", "France", "33", _WITH_ZERO, "+33 1 42 68 53 00", _FRENCH),
    ("BE", "Belgium", "32", _WITH_ZERO, "+32 2 501 02 11", ("téléphone", "telefoon", "gsm")),
    ("NL", "the Netherlands", "31", _WITH_ZERO, "+31 20 555 1111", _DUTCH),
    ("LU", "Luxembourg", "352", r"[2-9]\d(?:[ .-]?\d{2}){2,4}", "+352 22 99 77 1", ("téléphone", "telefon")),
    (
        "ES",
        "Spain",
        "34",
        r"[6-9]\d{2}(?:[ .-]?\d{3}){2}|[6-9]\d{2}(?:[ .-]?\d{2}){3}",
        "+34 91 346 51 00",
        _SPANISH,
    ),
    ("PT", "Portugal", "351", r"[29]\d{2}[ .-]?\d{3}[ .-]?\d{3}", "+351 21 324 1000", ("telefone", "telemóvel")),
    (
        "IT",
        "Italy",
        "39",
        r"(?:0\d{1,3}|3\d{2})[ ./-]?\d{3}(?:[ .-]?\d){3,5}",
        "+39 312 345 6789",
        _ITALIAN,
    ),
    ("GR", "Greece", "30", r"[26]\d{2}(?:[ .-]?\d){7}", "+30 21 0331 0400", ("τηλέφωνο", "τηλ", "κινητό")),
    ("PL", "Poland", "48", r"[1-9]\d(?:[ -]?\d){7}", "+48 22 695 29 00", ("telefon", "telefonu", "komórka")),
    ("CZ", "Czechia", "420", r"[2-7]\d{2}[ -]?\d{3}[ -]?\d{3}", "+420 224 123 456", ("telefon", "mobil")),
    ("SK", "Slovakia", "421", _WITH_ZERO, "+421 2 5930 1111", ("telefón", "mobil")),
    ("HU", "Hungary", "36", r"06(?:[ /-]?\d){8,9}", "+36 1 437 5000", ("telefon", "mobil")),
    ("RO", "Romania", "40", _WITH_ZERO, "+40 21 312 3456", ("telefon", "mobil")),
    ("BG", "Bulgaria", "359", _WITH_ZERO, "+359 2 940 1234", ("телефон", "тел")),
    ("HR", "Croatia", "385", _WITH_ZERO, "+385 1 456 9222", ("telefon", "mobitel")),
    ("RS", "Serbia", "381", _WITH_ZERO, "+381 11 333 4567", ("telefon", "mobilni", "телефон")),
    ("UA", "Ukraine", "380", _WITH_ZERO, "+380 44 253 4567", ("телефон", "тел", "моб")),
    ("RU", "Russia", "7", r"8[ -]?\(?\d{3}\)?(?:[ -]?\d){7}", "+7 495 123-45-67", ("телефон", "тел", "моб")),
    ("SE", "Sweden", "46", _WITH_ZERO, "+46 8 555 123 45", ("telefon", "mobil")),
    (
        "NO",
        "Norway",
        "47",
        r"[2-9]\d(?: ?\d{2}){3}|[49]\d{2} ?\d{2} ?\d{3}",
        "+47 22 24 90 90",
        ("telefon", "mobil", "tlf"),
    ),
    ("DK", "Denmark", "45", r"[2-9]\d(?: ?\d{2}){3}", "+45 33 92 33 33", ("telefon", "mobil", "tlf")),
    ("FI", "Finland", "358", _WITH_ZERO, "+358 9 310 1691", ("puhelin", "puh", "matkapuhelin")),
    ("TR", "Turkey", "90", _WITH_ZERO, "+90 312 415 5000", ("telefon", "cep", "gsm")),
    ("IL", "Israel", "972", _WITH_ZERO, "+972 2 670 5555", ("טלפון", "נייד")),
    ("AE", "the United Arab Emirates", "971", _WITH_ZERO, "+971 4 330 0000", ("هاتف", "جوال")),
    ("SA", "Saudi Arabia", "966", _WITH_ZERO, "+966 11 401 1111", ("هاتف", "جوال")),
    ("EG", "Egypt", "20", _WITH_ZERO, "+20 2 2795 1234", ("هاتف", "تليفون")),
    ("ZA", "South Africa", "27", _WITH_ZERO, "+27 12 300 5200", ()),
    ("NG", "Nigeria", "234", _WITH_ZERO, "+234 803 123 4567", ()),
    ("KE", "Kenya", "254", _WITH_ZERO, "+254 712 123456", ("simu",)),
    ("IN", "India", "91", r"[6-9]\d{4}[ -]?\d{5}|0\d{2,4}[ -]?\d{6,8}", "+91 98765 43210", _HINDI),
    ("PK", "Pakistan", "92", _WITH_ZERO, "+92 51 920 1234", ("فون",)),
    (
        "CN",
        "China",
        "86",
        r"1[3-9]\d(?:[ -]?\d{4}){2}|0\d{2,3}[ -]?\d{7,8}",
        "+86 10 6552 9988",
        ("电话", "手机", "手机号"),
    ),
    ("TW", "Taiwan", "886", _WITH_ZERO, "+886 2 2720 8889", ("電話", "手機")),
    ("HK", "Hong Kong", "852", r"[2-9]\d{3}[ -]?\d{4}", "+852 2810 2000", ("電話", "手機")),
    ("JP", "Japan", "81", _WITH_ZERO, "+81 3 3581 0101", _JAPANESE),
    ("KR", "South Korea", "82", _WITH_ZERO, "+82 2 2100 1234", ("전화", "전화번호", "휴대폰")),
    ("SG", "Singapore", "65", r"[3689]\d{3}[ -]?\d{4}", "+65 6225 5632", ()),
    ("MY", "Malaysia", "60", _WITH_ZERO, "+60 3 8000 8000", ("telefon",)),
    ("ID", "Indonesia", "62", _WITH_ZERO, "+62 21 384 1234", ("telepon", "hp", "telp")),
    ("PH", "the Philippines", "63", _WITH_ZERO, "+63 2 8736 1010", ()),
    ("TH", "Thailand", "66", _WITH_ZERO, "+66 2 280 1234", ("โทร", "โทรศัพท์", "มือถือ")),
    ("VN", "Vietnam", "84", _WITH_ZERO, "+84 24 3825 1234", ("điện thoại", "sđt", "đt")),
    ("AU", "Australia", "61", _WITH_ZERO, "+61 2 9374 4000", ()),
    ("NZ", "New Zealand", "64", _WITH_ZERO, "+64 4 472 0030", ()),
    ("MX", "Mexico", "52", r"[2-9]\d(?:[ -]?\d){8}", "+52 55 5093 4900", ("teléfono", "celular", "móvil")),
    ("BR", "Brazil", "55", r"\(?[1-9]\d\)? ?9?\d{4}[ -]?\d{4}", "+55 11 3091 3116", _PORTUGUESE),
    ("AR", "Argentina", "54", r"\(?0?[1-9]\d{1,3}\)?(?:[ -]?\d){6,8}", "+54 11 4338 1500", ("teléfono", "celular")),
    ("CL", "Chile", "56", r"[29](?: ?\d){8}", "+56 2 2690 4000", ("teléfono", "celular", "fono")),
    ("CO", "Colombia", "57", r"3\d{2}(?:[ -]?\d){7}|60\d(?:[ -]?\d){7}", "+57 601 344 3000", ("teléfono", "celular")),
    (
        "PE",
        "Peru",
        "51",
        r"9\d{2}[ -]?\d{3}[ -]?\d{3}|\(?0\d\)?(?:[ -]?\d){6,7}",
        "+51 1 311 5930",
        ("teléfono", "celular"),
    ),
)

_OTHER_COUNTRY = refuse(
    Expression(r"(?:\+|\b00)(?:[2-9]\d{0,2}|1\d{1,3})(?:[ .(-]{1,2}\d{1,3}){0,2}[ .()-]{1,2}$"), Target.CONTEXT
)
"""What another calling code begins is a number there, even if the rest would be one in the United States."""
_EXTENSION = Rule(
    Expression(r"^ ?(?:x|ext\.?|extension|#) ?\d{1,6}(?:\D|$)", ignore_case=True),
    Target.CONTEXT,
    Set(Likelihood.VERY_LIKELY),
    before=0,
    after=18,
)


def _region(
    region: str, place: str, calling_code: str, national: str, example: str, words: tuple[str, ...]
) -> Classifier:
    return identifier(
        f"{region.lower()}_phone_number",
        f"{region}_PHONE_NUMBER",
        formatted(rf"(?:\+|00){calling_code}(?:{_GAP}\d){{6,12}}"),
        bare(national),
        category=Category.CONTACT,
        description=f"Telephone number of {place}",
        example=example,
        validator=f"phone:{region}",
        context=_WORDS,
        rules=(*((near(*words), within(*words)) if words else ()), _OTHER_COUNTRY),
        family="phone",
        yields_to=("phone", "phonenumber", "us_ssn", "iban_code"),
    )


CLASSIFIERS = (
    identifier(
        "phonenumber",  # the only code of the original that is known (section 11.1)
        "US_PHONE_NUMBER",
        formatted(r"(?:\+?1[ .-]?)?\([2-9]\d{2}\)[ .-]?[2-9]\d{2}[ .-]\d{4}"),
        formatted(r"(?:\+?1-)?[2-9]\d{2}-[2-9]\d{2}-\d{4}|(?:\+?1\.)?[2-9]\d{2}\.[2-9]\d{2}\.\d{4}"),
        formatted(r"(?:\+?1 )?[2-9]\d{2} [2-9]\d{2} \d{4}|\+1[ .-]?[2-9]\d{2}[ .-]?[2-9]\d{2}[ .-]?\d{4}"),
        bare(r"1?[2-9]\d{2}[ .-]?[2-9]\d{2}[ .-]?\d{4}"),
        category=Category.CONTACT,
        description="Telephone number of the United States",
        example="phone 321-507-0525",
        validator="phone:US",
        context=_WORDS,
        rules=(_EXTENSION, _OTHER_COUNTRY),
        family="phone",
        yields_to=("gb_nhs", "us_npi", "gb_utr", "bg_egn"),
    ),
    *(_region(*row) for row in _REGIONS),
    identifier(
        "phone_number",
        "PHONE_NUMBER",
        formatted(rf"\+[1-9](?:{_GAP}\d){{7,14}}"),
        category=Category.CONTACT,
        description="Telephone number of any country, with its calling code",
        example="+49 30 901820",
        validator="phone:ZZ",
        context=_WORDS,
        yields_to=("phone",),
    ),
)
