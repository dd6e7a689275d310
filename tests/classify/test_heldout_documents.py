"""The documents of the held-out parts are what they claim to be."""

import html
import json
import quopri
import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable
from importlib import import_module
from urllib.parse import unquote, unquote_plus

import pytest
from docs.accuracy_parts import DOCUMENTED
from stdnum import luhn

from meterd.classify import Match
from meterd.classify.system import system_library
from meterd.classify.validators import validator
from tests.classify.accuracy import SELECTION
from tests.classify.document_accuracy import Judgement, judge
from tests.classify.heldout_second import Document, Mark
from tests.classify.heldout_second.document import SECOND, Part, Places
from tests.classify.heldout_second.values import CHECKED, CHECKED_OTHERWISE, SEPARATORS, KnownBy
from tests.classify.heldout_third.places import PLACES

ONLY_NEAR_WORDS = {
    "AT_VNR": "at.vnr",
    "AU_TFN": "au.tfn",
    "BG_EGN": "bg.egn",
    "DK_CPR": "dk.cpr",
    "EE_IK": "ee.ik",
    "GB_NHS": "gb.nhs",
    "GB_UTR": "gb.utr",
    "GR_AMKA": "gr.amka",
    "IE_PPS": "ie.pps",
    "IL_IDNR": "il.idnr",
    "LT_ASMENS": "lt.asmens",
    "NL_BSN": "nl.bsn",
    "NO_FODSELSNUMMER": "no.fodselsnummer",
    "NZ_IRD": "nz.ird",
    "PL_PESEL": "pl.pesel",
    "RO_CNP": "ro.cnp",
    "RU_INN": "ru.inn",
    "SI_EMSO": "si.emso",
    "TR_TCKIMLIK": "tr.tckimlik",
    "US_RTN": "us.rtn",
    "US_SSN": "us.ssn",
    "ZA_IDNR": "za.idnr",
}
"""Kinds whose check digits, or whose rules, are too weak to tell them, and the module of python-stdnum."""
ONLY_NEAR_WORDS_OTHERWISE = {
    "AU_MEDICARE": "au_medicare",
    "BR_DRIVING_LICENCE": "br_cnh",
    "BR_PIS": "br_pis",
    "DE_HEALTH_INSURANCE_NUMBER": "de_health_insurance",
    "DE_IDENTITY_CARD": "de_document",
    "DE_SOCIAL_SECURITY_NUMBER": "de_social_security",
    "MX_CLABE": "mx_clabe",
    "PL_IDENTITY_CARD": "pl_identity_card",
    "SG_NRIC": "sg_nric",
    "TW_NATIONAL_ID": "tw_national_id",
    "US_DEA_NUMBER": "us_dea",
    "US_NPI": "us_npi",
    "VEHICLE_IDENTIFICATION_NUMBER": "vin",
}
"""The others, and the rule of ours that knows their check digits."""
DASHES = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212), "-")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_NAMED_ESCAPES = {"n": "\n", "t": "\t"}


def _unescaped(text: str) -> str:
    return str(json.loads(f'"{text}"')).replace("\r", "")


def _twice_unescaped(text: str) -> str:
    return _unescaped(_unescaped(text))


def _unescaped_source(text: str) -> str:
    """As JavaScript, Python, Java and Markdown read it."""

    def meant(escape: re.Match[str]) -> str:
        number = escape[1] or escape[2]
        return chr(int(number, 16)) if number else _NAMED_ESCAPES.get(escape[3], escape[3])

    return _ESCAPE.sub(meant, text)


def _folded(text: str) -> str:
    """With usual digits, dashes and blanks, and none of what has no width."""
    usual = unicodedata.normalize("NFKC", text.translate(DASHES))
    visible = "".join(sign for sign in usual if unicodedata.category(sign) != "Cf")
    digits = "".join(sign if (digit := unicodedata.decimal(sign, None)) is None else str(digit) for sign in visible)
    return re.sub(r"\s+", " ", digits)


READERS: tuple[Callable[[str], str], ...] = (
    str,
    _unescaped,
    _twice_unescaped,
    unquote,
    unquote_plus,
    lambda text: unquote(unquote(text)),
    _unescaped_source,
    html.unescape,
    lambda text: _folded(html.unescape(text)),
    lambda text: quopri.decodestring(text).decode(),
    lambda text: re.sub(r"\x1b\[[0-9;]*[mK]", "", text),
    _folded,
    lambda text: text.replace(" - ", "-").replace(" / ", "/"),
    lambda text: text.replace(" ", ""),
    lambda text: re.sub(r"\n(?:    |\+|> )", "\n", text),
    lambda text: b64decode(text).decode(),
)
"""What undoes one way of writing each, as other programs do."""


def _is_read(mark: Mark, written: str) -> bool:
    for read in READERS:
        try:
            if read(written) == mark.value:
                return True
        except ValueError:
            continue
    return False


def _is_right(mark: Mark) -> bool:
    if mark.name in CHECKED_OTHERWISE:
        return validator(CHECKED_OTHERWISE[mark.name])(mark.value)
    if mark.name == "SE_PERSONNUMMER":
        return bool(luhn.is_valid(re.sub(r"\D", "", mark.value)[-10:]))
    if module := ONLY_NEAR_WORDS.get(mark.name):
        return bool(import_module(f"stdnum.{module}").is_valid(mark.value.translate(SEPARATORS)))
    if rule := ONLY_NEAR_WORDS_OTHERWISE.get(mark.name):
        return validator(rule)(mark.value)
    module = CHECKED.get(mark.name)
    if module == "luhn":
        return bool(luhn.is_valid(re.sub(r"\D", "", mark.value)))
    return module is None or bool(import_module(f"stdnum.{module}").is_valid(mark.value))


@pytest.fixture(scope="module", params=[one.part for one in DOCUMENTED], ids=lambda part: part.name)
def part(request: pytest.FixtureRequest) -> Part:
    chosen: Part = request.param
    return chosen


@pytest.fixture(scope="module")
def documents(part: Part) -> list[Document]:
    return list(part.documents())


@pytest.fixture(scope="module")
def ordinary(part: Part) -> list[Document]:
    return list(part.ordinary())


def test_there_are_many_documents_and_no_two_are_the_same(documents: list[Document], ordinary: list[Document]) -> None:
    assert len(documents) == len({document.text for document in documents}) >= 400
    assert len({document.text for document in ordinary}) >= 200


def test_documents_are_always_the_same(part: Part, documents: list[Document], ordinary: list[Document]) -> None:
    assert documents == list(part.documents())
    assert ordinary == list(part.ordinary())


def test_every_value_is_where_it_is_marked(documents: list[Document]) -> None:
    lost = [
        (document.sort, mark.value, document.text[mark.start : mark.end])
        for document in documents
        for mark in document.marks
        if not _is_read(mark, document.text[mark.start : mark.end])
    ]
    assert [] == lost


def test_marks_follow_each_other(documents: list[Document]) -> None:
    for document in documents:
        ends = [place for mark in document.marks for place in (mark.start, mark.end)]
        assert ends == sorted(ends)
        assert document.marks


def test_check_digits_are_right(documents: list[Document]) -> None:
    assert [] == [mark for document in documents for mark in document.marks if not _is_right(mark)]


def test_what_is_told_by_check_digits_has_some(documents: list[Document]) -> None:
    told = {mark.name for one in documents for mark in one.marks if mark.known_by is KnownBy.CHECK_DIGITS}
    assert told <= CHECKED.keys() | CHECKED_OTHERWISE.keys()


def test_ordinary_documents_hold_no_value(ordinary: list[Document]) -> None:
    assert [] == [document for document in ordinary if document.marks]


def test_every_place_is_filled(documents: list[Document], ordinary: list[Document]) -> None:
    places = re.compile(r"[⟦⟧]|<(?:\d+-\d+(?::\d)?|(?:hex|sign|base64):\d+|date|moment|noun|verb|thing)>")
    assert [] == [document.text for document in (*documents, *ordinary) if places.search(document.text)]


@pytest.mark.parametrize("places", [SECOND, PLACES], ids=["second part", "third part"])
def test_every_name_is_one_of_the_default_profile(places: Places) -> None:
    library = system_library()
    names = {one.name for one in library.members(library.profile(SELECTION.uuid, SELECTION.version))}
    assert {value.name for value in places.values.values()} <= names
    assert {name for group in places.groups.values() for name in group} <= places.values.keys()


KEYS = Document(
    "two keys",
    "take 0123456789 or 9876543210",
    (
        Mark(5, 15, "0123456789", "NPM_ACCESS_TOKEN", frozenset(), KnownBy.FORM),
        Mark(19, 29, "9876543210", "NPM_ACCESS_TOKEN", frozenset(), KnownBy.FORM),
    ),
)


def _match(start: int, end: int, classifier: str = "NPM_ACCESS_TOKEN") -> Match:
    return Match(start=start, end=end, confidence=100, text=KEYS.text[start:end], classifier=classifier)


@pytest.mark.parametrize(
    ("match", "judgement"),
    [
        (_match(5, 15), Judgement(KEYS.marks[0])),
        (_match(0, 15), Judgement(KEYS.marks[0])),
        (_match(19, 29), Judgement(KEYS.marks[1])),
        (_match(5, 14), Judgement()),
        (_match(5, 29), Judgement(is_wrong=True)),
        (_match(0, 4), Judgement(is_wrong=True)),
        (_match(5, 15, "US_PHONE_NUMBER"), Judgement(is_wrong=True)),
        (_match(5, 15, "SECRET_ASSIGNMENT"), Judgement()),
        (_match(0, 4, "SECRET_ASSIGNMENT"), Judgement(is_wrong=True)),
    ],
    ids=["whole", "with more", "the second", "a part", "over both", "elsewhere", "other name", "general", "nothing"],
)
def test_a_match_finds_one_whole_value_of_its_name(match: Match, judgement: Judgement) -> None:
    assert judgement == judge(match, KEYS)
