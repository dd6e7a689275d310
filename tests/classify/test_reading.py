"""A text is read with its escapes undone and its characters folded; offsets lead back to what is written."""

import html
import itertools
import json
import quopri
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.classify import Engine, codes, inline, profile
from meterd.classify.reading import Reading
from meterd.classify.system import DEFAULT_UUID, system_library
from tests.classify.ordinary_texts import ORDINARY_TEXTS

ENGINE = Engine(system_library())


def found(text: str) -> list[str]:
    return [match.text for match in ENGINE.classify(text, profile(DEFAULT_UUID, 1))]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\nb\r\tc", "a\nb\r\tc"),
        (r"\"a\" \'b\' \/", "\"a\" 'b' /"),
        (r"\\\"a\\\" \\n", '"a" \n'),
        (r"C:\\Users\\ann", "C:\\Users\\ann"),
        (r"\u0041\u00e9 \x41 \u{1F600}", "A\u00e9 A \U0001f600"),
        (r"\\u0041", "A"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\xe2\x82\xac", "\u20ac"),
        ("curl \\\n -u", "curl   -u"),
        ("a%40b%2540c %C3%A9", "a@b@c \u00e9"),
        ("a&#64;b&#x40;c&commat;d &quot;&amp;quot; &nbsp;", 'a@b@c@d "" \x20'),
        ("\x1b[1;31ma\x1b[0m b", "a b"),
        (r"\u001b[32ma\u001b[0m \x1b[1mb\033[0m \e[1mc", "a b c"),
        ("^[[32ma^[[0m", "a"),
        ("\x1b]8;;https://x.example\x1b\\a", " https://x.example a"),
        ("a\u00a0b\u202fc\u2009d\u3000e", "a b c d e"),
        ("1\u20112\u20103\u22124\u20135", "1-2-3-4-5"),
        ("\uff21\uff10\uff1a\uff0d", "A0:-"),
        ("\u0663\u0967\u0e52\U0001d7d2", "3124"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("ne\u0301e", "n\u00e9e"),
        ("\uff8a\uff9f\uff7d", "\u30d1\u30b9"),
        ("090\u30fc1234", "090-1234"),
        ("1\ufe0f\u20e32\ufe0f\u20e3", "12"),
        ("12  34\t56", "12 34 56"),
        ("Gr=C3=BC=C3=9Fe a=3Db c=\nd", "Gr\u00fc\u00dfe a=b cd"),
        ("quoted-printable caf=E9", "quoted-printable caf\u00e9"),
        ("m=a+b%3A+%2B49+30&n=1", "m=a b: +49 30&n=1"),
        ("see /s?q=date+of+birth&p=1", "see /s?q=date of birth&p=1"),
        ("a <b>b</b>c<br/>d<td class='x'>e</td>", "a bc d e "),
        ("12 - 34 / 56", "12-34/56"),
        ("MRN ........ 12, name____Ann, town        York", "MRN  12, name Ann, town York"),
        ("4012 8888\n  8888 1881", "4012 8888 8888 1881"),
    ],
)
def test_what_is_written_otherwise_is_read_as_what_it_stands_for(written: str, read: str) -> None:
    reading = Reading.of(written)
    assert reading is not None
    assert read == reading.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain words, and 100 % of them & more; a^b.",
        "  indented = code",
        "\tso too",
        "Ça coûte cinq euros – c’est “cher” …",
        "你好，世界。\u3042\u30fc\u3093",
        "👨\u200d👩\u200d👧 ❤\ufe0f",
        r"\d+ \w \b",
        "%d %s 5%",
        "AT&T; &unknown; &#xffffff;",
        r"\u12 \xg",
        "x=1\ny=FA\nz=3",
        "a = b + c; d=e+f/g==",
        "if a < b and c > d: List<i32>",
        "a - b / c, 1 -2",
        "12 34\n56 78",
    ],
)
def test_what_is_read_as_it_is_written_has_no_other_reading(text: str) -> None:
    assert Reading.of(text) is None


UNITS = st.sampled_from(
    [r"\n", r"\\\"", r"\u0041", "%40", "&#64;", "\x1b[1m", "\u200b", "\u00a0", "\uff11", "e\u0301", "1  2", "\t", "%zz"]
)


@given(st.lists(UNITS | st.text(max_size=3), max_size=8))
def test_every_part_of_a_reading_leads_back_to_what_it_was_written_as(parts: list[str]) -> None:
    written = "".join(parts)
    reading = Reading.of(written)
    if reading is None:
        return
    spans = [reading.written(place, place + 1) for place in range(len(reading.text))]
    assert all(0 <= start < end <= len(written) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    for character, (start, end) in zip(reading.text, spans, strict=True):
        again = Reading.of(written[start:end])
        assert written[start:end] == character or (again is not None and again.text == character) or character == " "


MAIL, PHONE, SSN, KEY = "ann.lee@example.com", "321-507-0525", "536-90-4399", "AKIAQYLPMN5HHHFPZAM2"
WRITTEN = {
    "json": lambda value: json.dumps({"m": f"a\n{value}\tb"}),
    "json in json": lambda value: json.dumps({"body": json.dumps({"m": f"a\n{value}\n"})}),
    "json in json in json": lambda value: json.dumps(json.dumps(json.dumps({"m": f'"{value}"\n{value}'}))),
    "unicode escapes": lambda value: "".join(f"\\u{ord(character):04x}" for character in value),
    "hexadecimal escapes": lambda value: "".join(f"\\x{ord(character):02x}" for character in value),
    "percent": lambda value: f"https://x.example/?q={urllib.parse.quote(value, safe='')}&r=1",
    "every character in percent": lambda value: "".join(f"%{ord(character):02X}" for character in value),
    "percent twice": lambda value: urllib.parse.quote(urllib.parse.quote(f"a {value} b")),
    "entities": lambda value: "".join(f"&#{ord(character)};" for character in value),
    "xml": lambda value: f"<a b=&quot;{value}&quot;>{html.escape(value)}</a>",
    "colours": lambda value: f"\x1b[1mfound\x1b[0m: \x1b[32m{value}\x1b[0m",
    "colours within": lambda value: f"{value[:4]}\x1b[31m{value[4:]}\x1b[0m",
    "colours in json": lambda value: json.dumps(f"\x1b[32m{value}\x1b[0m"),
    "invisible characters": lambda value: f"\u200b{value[:5]}\u200b\u2060{value[5:]}\ufeff.",
    "full width": lambda value: "".join(chr(ord(character) + 0xFEE0) for character in value),
    "bytes": lambda value: repr(f"\u20ac {value}\u00a0\n".encode()),
    "a link of a terminal": lambda value: f"\x1b]8;;https://x.example\x1b\\{value}\x1b]8;;\x1b\\",
    "quoted-printable": lambda value: (
        "Content-Transfer-Encoding: quoted-printable\n\n"
        + quopri.encodestring(f"{'été ' * 12}{value} ici".encode()).decode()
    ),
    "a form": lambda value: f"m={urllib.parse.quote_plus(f'voilà: {value} ok')}&n=1",
    "bold": lambda value: f"<p>is <b>{value}</b></p>",
    "bold in part": lambda value: f"<td>{value[:5]}<em>{value[5:]}</em></td>",
    "a line that goes on": lambda value: f"send \\\n  {value} \\\n  now",
}


@pytest.mark.parametrize("value", [MAIL, PHONE, SSN, KEY])
@pytest.mark.parametrize("way", WRITTEN)
def test_a_value_is_found_in_every_way_to_write_it_where_it_begins_and_ends(value: str, way: str) -> None:
    text = WRITTEN[way](value)
    readings = [(match, Reading.of(match)) for match in found(text)]
    assert value in [reading.text if reading else match for match, reading in readings], ascii(text)


@pytest.mark.parametrize("separator", ["\u00a0", "\u202f", "\u2009", "\u2007", "\u3000", "  ", "\t", "   ", "\u00a0 "])
@pytest.mark.parametrize(
    ("word", "groups"),
    [
        ("card number", ["4012", "8888", "8888", "1881"]),
        ("IBAN", ["DE89", "3704", "0044", "0532", "0130", "00"]),
        ("NI number", ["AB", "12", "34", "56", "C"]),
        ("téléphone", ["06", "12", "34", "56", "78"]),
        ("phone", ["321", "507", "0525"]),
    ],
)
def test_blanks_of_every_kind_stand_between_the_groups_of_a_number(
    separator: str, word: str, groups: list[str]
) -> None:
    assert [separator.join(groups)] == found(f"{word} {separator.join(groups)} was given")


@pytest.mark.parametrize("hyphen", ["\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\uff0d", "\u200b-"])
@pytest.mark.parametrize("groups", [["321", "507", "0525"], ["536", "90", "4399"], ["4012", "8888", "8888", "1881"]])
def test_hyphens_of_every_kind_stand_between_the_groups_of_a_number(hyphen: str, groups: list[str]) -> None:
    assert [hyphen.join(groups)] == found(f"see {hyphen.join(groups)} please")


@pytest.mark.parametrize("zero", ["\u0660", "\u06f0", "\u0966", "\u09e6", "\u0e50", "\uff10", "\U0001d7ce"])
def test_digits_of_every_script_are_digits(zero: str) -> None:
    digits = str.maketrans({str(digit): chr(ord(zero) + digit) for digit in range(10)})
    for value in (PHONE, SSN, "4012 8888 8888 1881"):
        assert [value.translate(digits)] == found(f"phone {value.translate(digits)}")


@pytest.mark.parametrize(
    "text",
    [
        "SSN 536 - 90 - 4399",
        "card number 4012 8888\n8888 1881",
        "card number 4012-8888\n8888-1881",
        "IBAN\nDE89 3704 0044\n0532 0130 00",
        "Aadhaar\n2341 2341\n2346",
        "call +44  20  7946  0958",
        "date of birth 03 / 14 / 1985",
    ],
)
def test_a_number_that_is_set_apart_is_one_where_something_says_so(text: str) -> None:
    assert 1 == len(found(text))


@pytest.mark.parametrize("text", ["totals 536 - 90 - 4399", "totals 4012 8888\n8888 1881", "from 321 - 507 - 0525"])
def test_numbers_that_are_set_apart_are_several_otherwise(text: str) -> None:
    assert [] == found(text)


def test_columns_belong_together_only_where_a_word_says_so() -> None:
    for row in ("321\t507\t0525", "321  507  0525", "4012\t8888\t8888\t1881"):
        assert [] == found(f"totals {row} of the year")


def test_an_expression_for_what_is_written_finds_it_too() -> None:
    for written, regex in ((r"a\nb", r"\\nb"), ("x%40y", "%40"), ("a\u00a0b", "a\u00a0b"), ("node\\n12", r"n12")):
        definition = {"name": "MINE", "detections": [{"pattern": {"regex": regex}, "likelihood": "LIKELY"}]}
        from_request = ENGINE.classify(written, inline([definition]))
        assert 1 == len(from_request)


@pytest.mark.parametrize("kind", ORDINARY_TEXTS)
def test_ordinary_texts_stay_so_when_they_are_encoded(kind: str) -> None:
    text = ORDINARY_TEXTS[kind][:20_000]
    for written in (json.dumps(text), html.escape(text), text.replace(" ", "\u00a0")):
        assert [] == found(written)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_text_in_pieces_is_read_like_a_whole_one(cut: int) -> None:
    text = "x" * (64 * 1024 - cut) + r" \n321-507-0525\n" + "é" * 70_000 + "%20536%2D90%2D4399"
    assert ["321-507-0525", "536%2D90%2D4399"] == [
        match.text for match in ENGINE.classify(text, codes([("phonenumber", 1), ("us_ssn", 1)]))
    ]
