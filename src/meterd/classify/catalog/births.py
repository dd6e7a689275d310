"""When a person was born, and when somebody died."""

from meterd.classify.model import Category, Expression, Target, bare, identifier, refuse

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
)
