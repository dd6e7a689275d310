"""Numbers of passports, identity cards, licences and other papers of a person."""

from meterd.classify.model import Boundary, Classifier, bare, formatted, identifier

_PASSPORT = ("passport", "passport no", "passport number", "passport #")
_LICENCE = ("driving licence", "driver's licence", "driving license", "licence no")


def _document(
    code: str, place: str, example: str, regex: str, words: tuple[str, ...], validator: str | None = None
) -> Classifier:
    """Declare a passport, an identity card or a licence: a short number with one check digit at most, so only with a
    word.
    """
    return identifier(
        code,
        code.upper(),
        bare(regex),
        description=place,
        example=example,
        validator=validator,
        context=words,
        before=36,
    )


CLASSIFIERS = (
    identifier(
        "machine_readable_zone",
        "MACHINE_READABLE_ZONE",
        formatted(
            r"P[A-Z<][A-Z]{3}[A-Z<]{39}\n?[0-9A-Z<]{9}\d[A-Z<]{3}\d{6}\d[MF<]\d{6}\d[0-9A-Z<]{14}[0-9<]\d",
            boundary=Boundary.ANYWHERE,
        ),
        description="Machine readable lines of a passport",
        validator="machine_readable_zone",
        example="P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
    ),
    _document(
        "gb_passport",
        "Passport number of the United Kingdom",
        "passport number 925076473",
        r"\d{9}|[A-Z]\d{8}",
        _PASSPORT,
    ),
    _document(
        "fr_passport",
        "Passport number of France",
        "passeport 12AB34567",
        r"\d{2}[A-Z]{2}\d{5}",
        ("passeport", "passport"),
    ),
    _document(
        "es_passport", "Passport number of Spain", "pasaporte AAA123456", r"[A-Z]{2,3}\d{6}", ("pasaporte", "passport")
    ),
    _document(
        "it_passport", "Passport number of Italy", "passaporto YA1234567", r"[A-Z]{2}\d{7}", ("passaporto", "passport")
    ),
    _document(
        "pl_passport",
        "Passport number of Poland",
        "paszport ZS0000177",
        r"[A-Z]{2}\d{7}",
        ("paszport", "paszportu"),
        "pl_passport",
    ),
    _document("br_passport", "Passport number of Brazil", "passaporte FZ123456", r"[A-Z]{2}\d{6}", ("passaporte",)),
    _document(
        "se_passport", "Passport number of Sweden", "passnummer 12345678", r"[A-Z]?\d{8}", ("passnummer", "pass nr")
    ),
    _document(
        "jp_passport",
        "Passport number of Japan",
        "旅券番号 TK1234567",
        r"[A-Z]{2}\d{7}",
        ("旅券", "パスポート", "passport"),
    ),
    _document(
        "kr_passport",
        "Passport number of South Korea",
        "여권번호 M12345678",
        r"[MSROD]\d{3}[0-9A-Z]\d{4}",
        ("여권", "여권번호", "passport"),
    ),
    _document(
        "de_driving_licence",
        "Driving licence number of Germany",
        "Führerschein B072RRE2I55",
        r"[0-9A-Z]{11}",
        ("führerschein", "führerscheinnummer", "fahrerlaubnis"),
        "de_driving_licence",
    ),
    _document(
        "fr_driving_licence",
        "Driving licence number of France",
        "permis de conduire 940911310123",
        r"\d{12}",
        ("permis de conduire",),
    ),
    _document(
        "es_driving_licence",
        "Driving licence number of Spain",
        "permiso de conducir 12345678Z",
        r"\d{8}[A-Z]",
        ("permiso de conducir", "carnet de conducir"),
        "stdnum:es.dni",
    ),
    _document(
        "it_driving_licence",
        "Driving licence number of Italy",
        "patente U1A23456B7",
        r"[A-Z]{2}\d{7}[A-Z]|U1[0-9A-Z]{7}[A-Z0-9]",
        ("patente",),
    ),
    _document(
        "br_driving_licence",
        "Driving licence number of Brazil",
        "CNH 12345678900",
        r"\d{11}",
        ("cnh", "carteira nacional de habilitação"),
        "br_cnh",
    ),
    _document(
        "au_driving_licence", "Driving licence number of Australia", "driver's licence 12345678", r"\d{8,10}", _LICENCE
    ),
    _document(
        "in_driving_licence",
        "Driving licence number of India",
        "driving licence MH14 20110062821",
        r"[A-Z]{2}[ -]?\d{2} ?(?:19|20)\d{2}\d{7}",
        _LICENCE,
    ),
    _document(
        "it_identity_card",
        "Identity card number of Italy",
        "carta d'identità CA00000AA",
        r"[A-Z]{2} ?\d{5} ?[A-Z]{2}|[A-Z]{2} ?\d{7}",
        ("carta d'identità", "carta di identità", "identity card"),
    ),
    _document(
        "br_rg",
        "Identity card number of Brazil",
        "RG 12.345.678-9",
        r"\d{1,2}\.\d{3}\.\d{3}-[0-9X]",
        ("rg", "identidade"),
    ),
    _document(
        "br_pis",
        "Social integration number of Brazil",
        "PIS 120.12345.67-2",
        r"\d{3}\.?\d{5}\.?\d{2}-?\d",
        ("pis", "pasep", "nit", "nis"),
        "br_pis",
    ),
    _document(
        "us_green_card",
        "Number of a permanent resident of the United States",
        "USCIS number 123-456-789",
        r"A?\d{3}-?\d{3}-?\d{3}",
        ("uscis", "alien number", "alien registration", "green card", "a-number"),
    ),
    _document(
        "us_visa_number",
        "Number of a visa of the United States",
        "visa number 12345678",
        r"[A-Z]?\d{8}",
        ("visa number", "visa no"),
    ),
    _document(
        "us_voter_id",
        "Voter registration number",
        "voter registration 1234567890",
        r"[A-Z]{0,2}\d{7,11}",
        ("voter registration", "voter number"),
    ),
)
