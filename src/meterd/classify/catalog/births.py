"""Dates of birth and of death, in the ways in which people and programs write days."""

from meterd.classify.catalog.declaring import terms
from meterd.classify.model import (
    Boundary,
    Category,
    Expression,
    Likelihood,
    Pattern,
    Target,
    bare,
    identifier,
    refuse,
)

_DAY_NUMBER = r"(?:3[01]|[12]\d|0?[1-9])"
_MONTH_NUMBER = r"(?:1[0-2]|0?[1-9])"
_YEAR = r"(?:19|20)\d{2}"
_TIME = r"(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_DAY = (
    rf"{_DAY_NUMBER}(?:[./-]|\. ){_MONTH_NUMBER}(?:[./-]|\. ){_YEAR}|{_MONTH_NUMBER}[/-]{_DAY_NUMBER}[/-]{_YEAR}"
    rf"|{_YEAR}-{_MONTH_NUMBER}-{_DAY_NUMBER}{_TIME}|{_YEAR}(?:[./]|\. ){_MONTH_NUMBER}(?:[./]|\. ){_DAY_NUMBER}"
    rf"|{_YEAR} ?[年년] ?{_MONTH_NUMBER} ?[月월] ?{_DAY_NUMBER} ?[日일]"
    rf"|(?:明治|大正|昭和|平成|令和) ?(?:\d{{1,2}}|元) ?年 ?{_MONTH_NUMBER} ?月 ?{_DAY_NUMBER} ?日"
)
_SHORT_DAY = (
    rf"{_DAY_NUMBER}[./-]{_MONTH_NUMBER}[./-]\d{{2}}|{_MONTH_NUMBER}/{_DAY_NUMBER}/\d{{2}}"
    rf"|\d{{2}}[./-]{_MONTH_NUMBER}[./-]{_DAY_NUMBER}|{_DAY_NUMBER} {_MONTH_NUMBER} {_YEAR}"
    rf"|{_MONTH_NUMBER} {_DAY_NUMBER} {_YEAR}|{_YEAR} {_MONTH_NUMBER} {_DAY_NUMBER}"
)
_WITHOUT_SIGNS = (
    rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2]){_YEAR}"
    rf"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]){_YEAR}"
)
_MONTH = (
    r"(?i:(?:jan|jän|jen|ene|gen|sty|oca|ian|led|sij|tammi|sau|feb|fev|fév|lut|lúti|şub|šub|úno|únor|vel|helmi|vas"
    r"|mar|mär|már|maa|mrt|mrz|bře|ožu|kov|kwi|kvě|nis|apr|ápr|avr|abr|dub|tra|huhti|bal|may|mai|máj|maj|mag|mei|mayıs"
    r"|svi|touko|geg|jun|jún|juin|giu|cze|haz|iun|čer|lip|kesä|bir|jul|júl|juil|lug|tem|iul|srp|heinä|lie|aug|aoû|aou"
    r"|ago|ağu|sie|kol|elo|rug|sep|szept|set|wrz|eyl|zář|ruj|syys|oct|okt|out|ott|paź|eki|říj|loka|spa|nov|lis|kas|stu"
    r"|marras|lap|dec|dez|des|dic|déc|gru|ara|pro|joulu)[a-zß-ž]{0,11})\.?"
)
"""As they begin in some thirty languages with Latin letters."""
_OTHER_MONTH = r"(?:[Ѐ-ӿ]{3,10}|[Ͱ-Ͽἀ-῿]{3,12}|[֐-׿]{3,8}|[؀-ۿ]{3,10}|[ऀ-ॿ]{2,10}|[ঀ-৿]{3,12}|[ก-๙.]{3,12})\.?"
_WRITTEN = (
    rf"\d{{1,2}}(?:st|nd|rd|th|er|de|[.ºª])?(?:[ /-]|\. ?)(?:(?:de|di|of|d') ?)?{_MONTH}"
    rf"(?:,? (?:de |del )?|[/-])(?:(?:19|20)\d{{2}}|['’]\d{{2}})"
    rf"|{_MONTH}[ -]\d{{1,2}}(?:st|nd|rd|th)?(?:,? |-)(?:19|20)\d{{2}}"
    rf"|(?:19|20)\d{{2}}(?:[ -]|[.,] ){_MONTH}[ -]\d{{1,2}}"
    rf"|\d{{1,2}}(?:-?[а-я]{{1,2}})? {_OTHER_MONTH},? (?:19|20|24|25)\d{{2}}"
    rf"|(?:ngày )?\d{{1,2}} tháng \d{{1,2}}(?: năm|,)? (?:19|20)\d{{2}}"
)
_ANY_DAY = (
    rf"{_DAY_NUMBER}(?:[./-]|\. ){_MONTH_NUMBER}(?:[./-]|\. ){_YEAR}|{_MONTH_NUMBER}/{_DAY_NUMBER}/{_YEAR}"
    rf"|{_YEAR}[./-]{_MONTH_NUMBER}[./-]{_DAY_NUMBER}"
    r"|\d{1,2}(?:st|nd|rd|th|er|\.)?[ -](?:de |of )?[^\s\d,;:]{3,12}(?: de|,)?[ -](?:19|20)\d{2}"
    r"|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d{2}"
    r"|(?:19|20)\d{2}\.? [^\s\d,;:]{3,12} \d{1,2}"
    r"|(?:\d{4}|(?:明治|大正|昭和|平成) ?\d{1,2}) ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일]"
)
_YEARS = r"(?:19|20|24|25)\d{2}|['’]\d{2}"
_IS_A_BIRTHDAY = (
    "(?:geboren|zur Welt gekommen|född|født|fæddur|fædd|生まれ|生|出生|출생|생|에 태어|г\\. ?р\\.?|года рождения|рожд"
    "|р\\. ?н\\.|року народження|doğumlu|tarihinde doğ|'?[td][ea] doğ|születtem|született|syntynyt|को जन्म|को पैदा"
    "|को हुआ"
    "|is (?:my|his|her|their|your|the) (?:[a-z']{1,12} )?(?:date of birth|birth ?date|birthday|dob)"
    "|\\((?i:dob|date of birth|born)\\b|ist (?:mein|sein|ihr|das) Geburt|est (?:ma|sa|la) date de naissance"
    "|es (?:mi|su|la) fecha de nacimiento|è la (?:mia|sua) data di nascita|é (?:a )?(?:minha|sua) data de nascimento"
    "|is (?:mijn|zijn|haar|de) geboorte|to (?:moja|jego|jej) data urodzenia|är (?:min|hans|hennes) födelse)"
)
_OTHER_DATE = refuse(
    Expression(
        r"\b(?:since|until|valid|issued?|expir(?:es|y|ed|ation)|created|updated|joined|hired?|visit(?:ed)?"
        r"|admi(?:tted|ssion)"
        r"|discharged?|appointment|service|start(?:ed|s)?|end(?:ed|s)?|order(?:ed)?|invoice|due|signed|paid|registered"
        r"|seit|bis|gültig|ausgestellt|erstellt|eintritt|termin|depuis|jusqu'au|délivrée?|émis|desde|hasta|emitid[oa]"
        r"|válid[oa]|dal|fino al|rilasciat[oa]|emess[oa]|sinds|tot|geldig|od|do|wydan[ya]|ważn[ya]|sedan|till)"
        r"(?:[ _-][a-z_ ]{0,14})?[\"']?[ :=]{0,3}[\"']?$",
        ignore_case=True,
    ),
    Target.CONTEXT,
)
_BIRTH_WORDS = terms(
    # English
    (
        "date of birth, birth date, birthdate, birth day, birthday, bday, birthdt, born, born on, dob, d.o.b, d.o.b., "
        "day of birth, birth"
    ),
    # German and Dutch
    (
        "geboren, geboren am, geb, geb.-datum, geb.datum, geb. datum, gebdat, geburtsdatum, geburtsdaten, geburtstag, "
        "geburt, geboortedatum, geboorte, geboortedag, geboren op, verjaardag"
    ),
    # French
    "né, née, né le, née le, né(e) le, date de naissance, date naissance, naissance, date de naiss, ddn",
    # Spanish, Catalan
    (
        "fecha de nacimiento, fecha nacimiento, nacimiento, f. nacimiento, f. nac, fecha nac, fecha de nac, nacido, "
        "nacida, nací, nació, cumpleaños, data de naixement"
    ),
    # Portuguese
    (
        "data de nascimento, data nascimento, nascimento, data de nasc, data nasc, dt. nasc, dt nasc, dt. nascimento, "
        "nascido, nascida, nascido em, nascida em, nasci em, nasci a, nasceu em, aniversário"
    ),
    # Italian, Romanian
    (
        "data di nascita, data nascita, nascita, nato il, nata il, nato/a il, nato a, nata a, compleanno, "
        "data nașterii, data naşterii, data de naștere, data de naştere, născut, născută, m-am născut"
    ),
    # Polish
    (
        "data urodzenia, urodzenia, urodzony, urodzona, urodziłem się, urodziłam się, urodził się, urodziła się, "
        "urodzin, data ur, ur"
    ),
    # Czech, Slovak
    (
        "datum narození, narození, narozen, narozena, narozený, narozená, narodil jsem se, narodila jsem se, nar, "
        "dat. nar, dátum narodenia, narodený, narodená, narodil som sa, narodila som sa"
    ),
    # Nordic languages
    (
        "född, född den, födelsedatum, födelsedag, födelsetid, født, født den, fødselsdato, fødselsdag, "
        "fødselsdag den, syntymäaika, syntymäaikani, syntymäpäivä, syntynyt, synt, fæddur, fædd, fæðingardagur"
    ),
    # Russian, Ukrainian, Bulgarian, Serbian
    (
        "дата рождения, день рождения, дата рожд, д.р, др, родился, родилась, рождения, дата народження, народився, "
        "народилася, дата на раждане, роден, родена, датум рођења, рођен, рођена"
    ),
    # Croatian, Slovene, Baltic languages
    (
        "datum rođenja, rođen, rođena, datum rojstva, rojen, rojena, sünniaeg, sünnikuupäev, sündinud, "
        "dzimšanas datums, dzimis, dzimusi, gimimo data, gimęs, gimusi"
    ),
    # Hungarian, Turkish, Greek
    (
        "született, születtem, születési idő, születési idő, születési dátum, születési dátuma, szül, doğum tarihi, "
        "doğum tarihim, doğum tarihiniz, doğum günü, doğum günüm, doğum, d. tarihi, ημερομηνία γέννησης, ημ. γέννησης, "
        "ημ/νία γέννησης, γέννησης, γεννήθηκα, γεννηθείς"
    ),
    # Chinese, Japanese, Korean
    (
        "生日, 出生日期, 出生年月日, 出生年月, 出生于, 出生於, 出生, 生于, 生於, 生年月日, 誕生日, 生まれ, 출생, "
        "출생일, 생년월일, 생일"
    ),
    # Arabic, Persian, Hebrew, Hindi
    (
        "تاريخ الميلاد, تاريخ ميلادي, تاريخ ميلاد, تاريخ الولادة, مواليد, ولدت, تاریخ تولد, متولد, תאריך לידה, "
        "תאריך הלידה, נולדתי, יליד, ילידת, जन्म तिथि, जन्मतिथि, जन्म दिनांक, जन्मदिन, जन्म"
    ),
    # Vietnamese, Indonesian, Malay, Thai
    (
        "ngày sinh, ngày tháng năm sinh, sinh ngày, sinh, tanggal lahir, tgl lahir, tgl. lahir, tarikh lahir, lahir, "
        "วันเกิด, วันเดือนปีเกิด, เกิดวันที่, เกิดเมื่อ"
    ),
)

CLASSIFIERS = (
    identifier(
        "date_of_birth",
        "DATE_OF_BIRTH",
        bare(_DAY),
        Pattern(_WRITTEN, Likelihood.UNLIKELY, sign=_YEARS),
        bare(_SHORT_DAY),
        bare(_WITHOUT_SIGNS),
        Pattern(
            rf"({_ANY_DAY})(?: in [^\s\d,;:][^\d\n,;:]{{1,30}}?)?(?:-?[áé]n"
            rf"|\.)?[ \"')に]{{0,2}}{_IS_A_BIRTHDAY}",
            Likelihood.LIKELY,
            group=1,
            boundary=Boundary.NUMBER,
            sign=_IS_A_BIRTHDAY,
        ),
        category=Category.DEMOGRAPHIC,
        description="Date of birth",
        example="date of birth 14/03/1985",
        context=_BIRTH_WORDS,
        before=40,
        rules=(_OTHER_DATE,),
    ),
    identifier(
        "date_of_death",
        "DATE_OF_DEATH",
        bare(_DAY),
        Pattern(_WRITTEN, Likelihood.UNLIKELY, sign=_YEARS),
        category=Category.DEMOGRAPHIC,
        description="Date of death",
        example="deceased on 02/11/2019",
        context=("died", "date of death", "deceased", "gestorben", "décédé", "fallecido"),
        before=20,
    ),
)
