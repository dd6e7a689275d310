"""Words that say what a value is, in the languages and spellings in which they are written."""

import pytest

from meterd.classify import Engine, profile, sql_rows
from meterd.classify.system import DEFAULT_UUID, system_library

ENGINE = Engine(system_library())


def found(text: str) -> list[tuple[str, str]]:
    return [(match.classifier, match.text) for match in ENGINE.classify(text, profile(DEFAULT_UUID, 1))]


@pytest.mark.parametrize(
    "text",
    [
        "date of birth: {}",
        "Geburtsdatum: {}",
        "geb. {}",
        "née le {}",
        "nee le {}",
        "date de naissance : {}",
        "fecha de nacimiento: {}",
        "data di nascita: {}",
        "nato il {}",
        "data de nascimento: {}",
        "geboren op {}",
        "data urodzenia: {}",
        "født {}",
        "syntymäaika {}",
        "дата рождения: {}",
        "doğum tarihi: {}",
        "dogum tarihi: {}",
        "出生日期：{}",
        "生年月日：{}",
        "생년월일: {}",
        "I was born on {}",
        "What is your date of birth?\nCustomer: it is {}",
        "Nací el {}",
        "nasci em {}",
        "Urodziłam się {}",
        "narodil jsem se {}",
        "мой день рождения {}",
        "дата народження: {}",
        "дата на раждане: {}",
        "datum rođenja: {}",
        "datum rojstva: {}",
        "sünnikuupäev: {}",
        "gimimo data: {}",
        "dzimšanas datums: {}",
        "data nașterii: {}",
        "születési dátum: {}",
        "doğum tarihim {}",
        "ημ. γέννησης: {}",
        "تاريخ الميلاد: {}",
        "נולדתי ב {}",
        "जन्मतिथि: {}",
        "tanggal lahir: {}",
        "วันเกิด {}",
        "我出生于{}",
        "제 생년월일은 {}",
        "name,date_of_birth\nAnn Lee,{}\n",
    ],
)
@pytest.mark.parametrize("day", ["14.03.1985", "1985-03-14", "14/03/85"])
def test_a_date_after_a_word_for_birth_is_one(text: str, day: str) -> None:
    assert ("DATE_OF_BIRTH", day) in found(text.format(day))


@pytest.mark.parametrize(
    "day",
    [
        "14 March 1985",
        "March 14, 1985",
        "14. März 1985",
        "14 mars 1985",
        "14 de marzo de 1985",
        "14 marzo 1985",
        "14 de março de 1985",
        "14 maart 1985",
        "14 marca 1985",
        "14 марта 1985",
        "1985年3月14日",
        "1985년 3월 14일",
        "19850314",
        "3/14/85",
        "14th of March, 1985",
        "14-Mar-1985",
        "Mar. 14, 1985",
        "14 Mar '85",
        "1985 March 14",
        "1985. március 14",
        "14. března 1985",
        "14 Mart 1985",
        "14 Μαρτίου 1985",
        "14 березня 1985",
        "14 مارس 1985",
        "14 במרץ 1985",
        "14 मार्च 1985",
        "14 มีนาคม 2528",
        "14 tháng 3 năm 1985",
        "昭和60年3月14日",
        "14 03 1985",
        "03 / 14 / 1985",
        "14031985",
        "85-03-14",
        "1985-03-14T00:00:00Z",
    ],
)
def test_a_date_of_birth_is_written_in_many_ways(day: str) -> None:
    assert ("DATE_OF_BIRTH", day) in found(f"date of birth: {day}")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Ich bin am 14. März 1985 in Bad Homburg geboren.", "14. März 1985"),
        ("14 March 1985 is my date of birth", "14 March 1985"),
        ("Ann Lee, 14/03/1985 (DOB)", "14/03/1985"),
        ("1985年3月14日生まれです", "1985年3月14日"),
        ("14.03.1985 г.р.", "14.03.1985"),
        ("14 Mart 1985 doğumluyum", "14 Mart 1985"),
        ("1985. március 14-én születtem", "1985. március 14"),
        ("14 mars 1985 est ma date de naissance", "14 mars 1985"),
    ],
)
def test_a_date_before_a_word_for_birth_is_one(text: str, day: str) -> None:
    assert ("DATE_OF_BIRTH", day) in found(text)


@pytest.mark.parametrize("word", ["hire date", "visit date", "issued", "valid until", "ausgestellt am", "desde", "due"])
def test_a_date_after_a_word_for_another_day_is_none(word: str) -> None:
    assert [("DATE_OF_BIRTH", "14.03.1985")] == found(f"born 14.03.1985, {word}: 01.02.2024")


def test_a_date_with_another_word_of_its_own_is_none() -> None:
    assert [("DATE_OF_BIRTH", "1985-03-14")] == found('dob: "1985-03-14"\nsince: "2021-04-01"')


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Steuerliche Identifikationsnummer: 65929970489", "DE_IDNR", "65929970489"),
        ('"numero_fiscal": "3023217600053"', "FR_NIF", "3023217600053"),
        ('"rodne_cislo": "7103192745"', "CZ_RC", "7103192745"),
        ("numer dowodu: ABA300000", "PL_IDENTITY_CARD", "ABA300000"),
        ("documentnummer: XR1001R58", "NL_IDENTITEITSKAARTNUMMER", "XR1001R58"),
        ("employer_id: 91-1144442", "US_EIN", "91-1144442"),
        ("bank account: 230263519901", "US_BANK_ACCOUNT", "230263519901"),
        ("DL# R209-746-58-799-5", "US_DRIVER_LICENSE", "R209-746-58-799-5"),
        ("the passport number on the form, 486044977, is wrong", "US_PASSPORT", "486044977"),
        ('{"pin": "5772"}', "ACCOUNT_PIN", "5772"),
        ("SNYK_TOKEN=b1a5d691-267e-49d8-ac9f-053d8a5049df", "SNYK_TOKEN", "b1a5d691-267e-49d8-ac9f-053d8a5049df"),
        (
            "my Codecov token is d35437e9-f496-455c-af43-c3786cd7f373",
            "CODECOV_TOKEN",
            "d35437e9-f496-455c-af43-c3786cd7f373",
        ),
        (
            "heroku_api_key = 'c13338ed-dae9-4bd1-a85c-ad93b6f861d0'",
            "HEROKU_API_KEY",
            "c13338ed-dae9-4bd1-a85c-ad93b6f861d0",
        ),
        ("VERCEL_TOKEN=WK2LSqpIy3BQT2x0Auqh0ctJ", "VERCEL_TOKEN", "WK2LSqpIy3BQT2x0Auqh0ctJ"),
        ("position 33.1424° N, 1.1295° E", "COORDINATES", "33.1424° N, 1.1295° E"),
        ("write to Post Office Box 915", "US_POST_OFFICE_BOX", "Post Office Box 915"),
        ("my social is 536904399", "US_SSN", "536904399"),
        ("mein Handynummer: 0151 23456789", "DE_PHONE_NUMBER", "0151 23456789"),
        ("vous pouvez me joindre au 06 12 34 56 78", "FR_PHONE_NUMBER", "06 12 34 56 78"),
        ("llámame al 612 34 56 78", "ES_PHONE_NUMBER", "612 34 56 78"),
        ("numéro de sécu 295109912611193", "FR_NIR", "295109912611193"),
        ("Steuer-Identnummer 65929970489", "DE_IDNR", "65929970489"),
        ("kimlik numaram 17291716060", "TR_TCKIMLIK", "17291716060"),
        ("Date of birth ......................................... 14/03/1985", "DATE_OF_BIRTH", "14/03/1985"),
        ("MRN                                                  00482913", "MEDICAL_RECORD_NUMBER", "00482913"),
        ("PESEL 440514 01359", "PL_PESEL", "440514 01359"),
        ("CPF 390 533 447 05", "BR_CPF", "390 533 447 05"),
        ("AHV 756 9217 0769 85", "CH_SSN", "756 9217 0769 85"),
        ("NPI 1234-567-893", "US_NPI", "1234-567-893"),
        ("chart # 00482913", "MEDICAL_RECORD_NUMBER", "00482913"),
        ("subscriber no. XYZ-123456789", "HEALTH_PLAN_NUMBER", "XYZ-123456789"),
        ("Ausweis-Nr. L01X00T471", "DE_IDENTITY_CARD", "L01X00T471"),
    ],
)
def test_official_names_and_names_in_programs_say_what_a_number_is(text: str, name: str, value: str) -> None:
    assert (name, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "heroku[router]: at=info request_id=c13338ed-dae9-4bd1-a85c-ad93b6f861d0",
        "spinning: 4821 rounds, shipping=5772, pinned: 1234",
        "born in a town of 28,000 people, 14 km from here",
        "released 14.03.1985, geboten: 3",
        "vercel build 2 took 24 s",
    ],
)
def test_words_that_only_resemble_those_say_nothing(text: str) -> None:
    assert [] == found(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "isikukood 35704111173, asmens kodas 49405237626",
            [("EE_IK", "35704111173"), ("LT_ASMENS", "49405237626")],
        ),
        ("my NHS number is 943 476 5870", [("GB_NHS", "943 476 5870")]),
        ("SSN 536904399, passport 340007237", [("US_SSN", "536904399"), ("US_PASSPORT", "340007237")]),
    ],
)
def test_a_number_is_what_the_nearest_word_says(text: str, expected: list[tuple[str, str]]) -> None:
    assert expected == found(text)


def test_rows_that_are_copied_are_read_once_wherever_statements_begin() -> None:
    r"""A statement among the rows of another one, which has no `\.`, is a row of that."""
    text = "copy t(ssn) from stdin\n" * 500

    assert 499 == len(list(sql_rows.cells(text)))
