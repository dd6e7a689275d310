"""What is said of a person: birth, documents and traits."""

from meterd.classify.model import (
    Boundary,
    Category,
    Classifier,
    Expression,
    Pattern,
    Target,
    bare,
    formatted,
    identifier,
    refuse,
)

_DAY_NUMBER = r"(?:3[01]|[12]\d|0?[1-9])"
_MONTH_NUMBER = r"(?:1[0-2]|0?[1-9])"
_YEAR = r"(?:19|20)\d{2}"
_DAY = (
    rf"{_DAY_NUMBER}(?:[./-]|\. ){_MONTH_NUMBER}(?:[./-]|\. ){_YEAR}|{_MONTH_NUMBER}/{_DAY_NUMBER}/{_YEAR}"
    rf"|{_YEAR}[./-]{_MONTH_NUMBER}[./-]{_DAY_NUMBER}|{_YEAR} ?[年년] ?{_MONTH_NUMBER} ?[月월] ?{_DAY_NUMBER} ?[日일]"
)
_MONTH = (
    r"(?i:jan(?:uary|uar|vier|uari|eiro)?|jänner|enero|gennaio|stycznia|января|feb(?:ruary|ruar|ruari|rero|braio)?"
    r"|février|fevereiro|lutego|февраля|mar(?:ch|s|zo|ço|ca)?|märz|maart|марта|apr(?:il|ile)?|avril|abril|kwietnia"
    r"|апреля|may|mai|mayo|maggio|maio|mei|maja|maj|мая|june?|juni|juin|junio|giugno|junho|czerwca|июня"
    r"|july?|juli|juillet|julio|luglio|julho|lipca|июля|aug(?:ust|usti|ustus)?|août|agosto|sierpnia|августа"
    r"|sep(?:t(?:ember|embre)?|tiembre)?|setiembre|settembre|setembro|września|сентября"
    r"|o[ck]t(?:ober|obre|ubre)?|ottobre|outubro|października|октября|nov(?:ember|embre|iembre|embro)?|listopada|ноября"
    r"|de[cz](?:ember|embre|embro)?|décembre|diciembre|dicembre|grudnia|декабря)\.?"
)
_WRITTEN = (
    rf"\d{{1,2}}(?:st|nd|rd|th|er|\.|º)?(?: (?:de|di|of))? {_MONTH}(?: (?:de|del))?,? (?:19|20)\d{{2}}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d{{2}}"
)
_OTHER_DATE = refuse(
    Expression(
        r"\b(?:since|until|valid|issued|expires?|expiry|created|updated|joined|hired|seit|bis|depuis|desde|dal)"
        r"[a-z_ ]{0,12}[\"']?[ :=]{1,3}[\"']?$",
        ignore_case=True,
    ),
    Target.CONTEXT,
)


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


_PASSPORT = ("passport", "passport no", "passport number", "passport #")
_LICENCE = ("driving licence", "driver's licence", "driving license", "licence no")

CLASSIFIERS = (
    identifier(
        "date_of_birth",
        "DATE_OF_BIRTH",
        bare(_DAY),
        bare(_WRITTEN),
        bare(rf"{_DAY_NUMBER}[./-]{_MONTH_NUMBER}[./-]\d{{2}}|{_MONTH_NUMBER}/{_DAY_NUMBER}/\d{{2}}"),
        bare(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"),
        category=Category.DEMOGRAPHIC,
        description="Date of birth",
        example="date of birth 14/03/1985",
        context=(
            "date of birth",
            "birth date",
            "birthdate",
            "birthday",
            "born",
            "born on",
            "dob",
            "d.o.b",
            "geboren",
            "geburtsdatum",
            "né le",
            "née le",
            "date de naissance",
            "fecha de nacimiento",
            "nacido",
            "nacida",
            "data di nascita",
            "nato il",
            "nata il",
            "data de nascimento",
            "geboortedatum",
            "data urodzenia",
            "född",
            "födelsedatum",
            "生年月日",
            "d.o.b.",
            "geb",
            "geboren am",
            "geb.-datum",
            "geburtstag",
            "né",
            "née",
            "naissance",
            "nacimiento",
            "f. nac",
            "nascita",
            "nascido em",
            "nascida em",
            "nascimento",
            "geboren op",
            "geb. datum",
            "urodzony",
            "urodzona",
            "urodzenia",
            "data ur",
            "födelsedag",
            "syntymäaika",
            "syntynyt",
            "fødselsdato",
            "født",
            "дата рождения",
            "родился",
            "родилась",
            "narozen",
            "narozena",
            "datum narození",
            "dátum narodenia",
            "data nașterii",
            "született",
            "születési idő",
            "ημερομηνία γέννησης",
            "doğum tarihi",
            "生日",
            "出生日期",
            "出生年月日",
            "출생",
            "생년월일",
            "تاريخ الميلاد",
            "תאריך לידה",
            "जन्म तिथि",
            "ngày sinh",
            "tanggal lahir",
        ),
        rules=(_OTHER_DATE,),
    ),
    identifier(
        "date_of_death",
        "DATE_OF_DEATH",
        bare(_DAY),
        bare(_WRITTEN),
        category=Category.DEMOGRAPHIC,
        description="Date of death",
        example="deceased on 02/11/2019",
        context=("died", "date of death", "deceased", "gestorben", "décédé", "fallecido"),
        before=20,
    ),
    identifier(
        "age",
        "AGE",
        formatted(
            r"(?:[1-9]\d|1[01]\d)[- ](?:years?[- ]old|year-old|yrs? old|y/o|Jahre alt|ans|años)", boundary=Boundary.WORD
        ),
        bare(r"[1-9]\d?"),
        category=Category.DEMOGRAPHIC,
        description="Age of a person",
        example="34 years old",
        context=("aged", "age:"),
        before=8,
    ),
    identifier(
        "gender",
        "GENDER",
        bare(r"(?i:male|female|man|woman|non-binary|transgender|männlich|weiblich|divers|homme|femme)"),
        category=Category.DEMOGRAPHIC,
        description="Gender of a person that is named as such",
        example="gender: female",
        context=("gender", "sex", "geschlecht", "sexe", "sexo"),
        before=12,
    ),
    identifier(
        "marital_status",
        "MARITAL_STATUS",
        bare(r"(?i:single|married|divorced|widowed|separated|ledig|verheiratet|geschieden|verwitwet)"),
        category=Category.DEMOGRAPHIC,
        description="Marital status of a person",
        example="marital status: divorced",
        context=("marital status", "familienstand", "situation familiale", "estado civil"),
        before=22,
    ),
    identifier(
        "nationality",
        "NATIONALITY",
        bare(r"[A-Z][A-Za-zÀ-ɏ]+"),
        category=Category.DEMOGRAPHIC,
        description="Nationality of a person",
        example="nationality: Brazilian",
        context=("nationality:", "citizenship:", "staatsangehörigkeit:", "nationalité:", "nacionalidad:"),
        before=16,
    ),
    identifier(
        "religion",
        "RELIGION",
        bare(
            r"(?i:christian|catholic|protestant|orthodox|muslim|jewish|hindu|buddhist|sikh|atheist|evangelisch"
            r"|katholisch|konfessionslos)"
        ),
        category=Category.DEMOGRAPHIC,
        description="Religion of a person that is named as such",
        example="religion: Buddhist",
        context=("religion", "faith", "konfession", "religión"),
        before=16,
    ),
    identifier(
        "ethnicity",
        "ETHNICITY",
        bare(r"(?i:caucasian|hispanic|latino|latina|african american|asian|black|white|native american)"),
        category=Category.DEMOGRAPHIC,
        description="Ethnic group of a person that is named as such",
        example="ethnicity: Hispanic",
        context=("ethnicity", "race:", "ethnic group"),
        before=16,
    ),
    identifier(
        "sexual_orientation",
        "SEXUAL_ORIENTATION",
        bare(r"(?i:heterosexual|homosexual|bisexual|gay|lesbian|straight|asexual|queer)"),
        category=Category.DEMOGRAPHIC,
        description="Sexual orientation of a person that is named as such",
        example="sexual orientation: bisexual",
        context=("sexual orientation", "orientation:"),
        before=24,
    ),
    identifier(
        "person_name_with_title",
        "PERSON_NAME_WITH_TITLE",
        formatted(
            r"(?:Mr|Mrs|Ms|Mx|Dr|Prof|Herr|Frau|Monsieur|Madame|Mme|Sr|Sra|Señor|Señora|Signor|Signora|Dott)\.? "
            r"[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ'-]+"
            r"(?: (?:[A-ZÀ-ÖØ-Þ]\.|(?:van|von|de|der|di|da|del) )?[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ'-]+){0,3}",
            boundary=Boundary.WORD,
        ),
        category=Category.DEMOGRAPHIC,
        description="Name of a person after a title",
        example="Mrs. Jane Doe",
    ),
    identifier(
        "person_name_in_field",
        "PERSON_NAME_IN_FIELD",
        Pattern(
            r"(?i:full name|first name|last name|surname|given name|maiden name|customer name|patient name"
            r"|nachname|vorname|prénom|apellidos?|nombre)"
            r"[\"']?[:=] ?[\"']?([A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ'-]+(?: [A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ'.-]*){0,3})",
            group=1,
            boundary=Boundary.WORD,
        ),
        category=Category.DEMOGRAPHIC,
        description="Name of a person in a field for names",
        example="Full name: Jane Doe",
    ),
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
