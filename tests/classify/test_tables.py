"""Cells of tables are found by the headings of their columns, in every way to write tables, with exact offsets."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.classify import Engine, codes, profile
from meterd.classify.errors import Abandoned
from meterd.classify.reading import Reading
from meterd.classify.system import DEFAULT_UUID, system_library
from meterd.classify.tables import Columns

ENGINE = Engine(system_library())
ROWS = (
    ("id", "name", "ssn", "password"),
    ("1", "Ann Lee", "536904399", "kQ7vR2mZ9xT4wB"),
    ("2", "Bo", "", "zT5nW8qL3xR6"),
)


def found(text: str) -> list[str]:
    return [match.text for match in ENGINE.classify(text, codes([("us_ssn", 1), ("password_assignment", 1)]))]


def lines(by: str, before: str = "", after: str = "") -> str:
    return "\n".join(f"{before}{by.join(row)}{after}" for row in ROWS)


def drawn() -> str:
    rows = [" | ".join(f"{cell:14}" for cell in row) for row in ROWS]
    return "\n".join((rows[0], "-+-".join("-" * 14 for _ in ROWS[0]), *rows[1:], "(2 rows)"))


def quoted() -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows(ROWS)
    return written.getvalue()


TABLES = {
    "commas": lines(","),
    "commas and blanks": lines(", "),
    "semicolons": lines(";"),
    "tabs": lines("\t"),
    "bars": lines(" | ", "| ", " |").replace("\n", "\n| --- | --- | --- | --- |\n", 1),
    "drawn": drawn(),
    "quotes, and line ends of Windows": quoted(),
    "in a message": f"here is the list:\n\n{lines(',')}\n\nplease check, thanks",
    "as JSON": json.dumps({"result": lines(",")}),
    "as JSON in JSON": json.dumps({"result": json.dumps(lines(";"))}),
    "an insert": "INSERT INTO staff (id, name, ssn, password)\n"
    "VALUES (1, 'Ann O''Lee', '536904399', 'kQ7vR2mZ9xT4wB'),\n(2, NULL, lower('x'), 'zT5nW8qL3xR6');",
    "an insert of a dump": "CREATE TABLE `staff` (\n  `id` int NOT NULL,\n  `ssn` char(9),\n  `password` text,\n"
    "  PRIMARY KEY (`id`)\n);\nINSERT INTO `staff` VALUES (1,'536904399','kQ7vR2mZ9xT4wB'),(2,'','zT5nW8qL3xR6');\n",
    "a copy of a dump": "COPY public.staff (id, name, ssn, password) FROM stdin;\n"
    + lines("\t").split("\n", 1)[1]
    + "\n\\.\n",
    "an insert as JSON": json.dumps(
        {"sql": "insert into staff(ssn, password) values (\"536904399\", 'kQ7vR2mZ9xT4wB'), ('', 'zT5nW8qL3xR6')"}
    ),
    "several blanks": "name      ssn\nAnn Lee   536904399\n\nuser  password\nann  kQ7vR2mZ9xT4wB\nbo   zT5nW8qL3xR6",
}


@pytest.mark.parametrize("table", TABLES)
def test_a_cell_is_found_by_the_heading_of_its_column(table: str) -> None:
    assert {"536904399", "kQ7vR2mZ9xT4wB", "zT5nW8qL3xR6"} == set(found(TABLES[table]))


@pytest.mark.parametrize("rows", [1, 40])
def test_every_row_is_read(rows: int) -> None:
    text = "ssn,note\n" + "".join(f"536904399,row {number}\n" for number in range(rows))
    assert rows == len(found(text))


def test_words_of_the_same_row_count_too() -> None:
    assert ["536904399"] == found("field,value\nSSN,536904399\n")


@pytest.mark.parametrize(
    "text",
    [
        "id,amount,note\n1,536904399,paid\n",
        "Dear Ann,\n536904399, they say, is the number\n",
        "ssn of all who have asked for it\n\norder,number\n1,536904399\n",
        "| option | default |\n| --- | --- |\n| retries | 536904399 |",
        "INSERT INTO t (id, total) VALUES (1, '536904399');",
        "INSERT INTO t VALUES (1, '536904399');",
    ],
)
def test_a_cell_under_another_heading_is_none(text: str) -> None:
    assert [] == found(text)


@pytest.mark.parametrize("text", ["", "a, b", "one line\nanother", "x = 1\ny = 2\n", "def f(a,\n      b):\n    pass"])
def test_a_text_without_tables_has_no_columns(text: str) -> None:
    assert Columns.of(text, Reading.of(text)) is None


def test_what_is_read_is_bounded_by_the_length_of_the_text() -> None:
    text = f"{'heading ' * 7},b\n" + "abc,d\n" * 5_000
    columns = Columns.of(text, None)
    assert columns is not None
    assert len(columns.text) <= 3 * len(text) + 200


@pytest.mark.parametrize(
    "rest", [" " * 200_000 + "'", "'" + "''" * 100_000, "(" * 100_000, "1," * 100_000, "\n" * 200_000]
)
def test_rows_that_never_end_are_read_in_time(rest: str) -> None:
    for text in (f"INSERT INTO t (a, ssn) VALUES ({rest}", f"CREATE TABLE t (\n{rest}\n);\nINSERT INTO t VALUES (1)"):
        Columns.of(text, None)


@pytest.mark.parametrize(
    "text",
    [
        "ssn,name\n" + "536904399,Ann\n" * 100,
        "INSERT INTO t (ssn, name) VALUES " + ", ".join(["('536904399', 'Ann')"] * 100),
        "COPY t (ssn, name) FROM stdin;\n" + "536904399\tAnn\n" * 100,
    ],
)
def test_a_table_that_nobody_waits_for_is_read_no_further(text: str) -> None:
    steps = 0

    def go_on() -> None:
        nonlocal steps
        steps += 1
        if steps == 50:
            raise Abandoned

    with pytest.raises(Abandoned):
        Columns.of(text, None, go_on=go_on)
    assert steps == 50


CELLS = st.sampled_from(["", "a", "abc", "Ann Lee", "536904399", '"x, y"', "---", "é日本", "\\n", " "])


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6), st.sampled_from([",", ";", "\t", " | ", "  "]))
def test_every_cell_leads_back_to_where_it_is_written(rows: list[list[str]], by: str) -> None:
    text = "\n".join(by.join(row) for row in [["name", "other name"], *rows])
    columns = Columns.of(text, None)
    if columns is None:
        return
    place = 0
    for line in columns.text.splitlines(keepends=True):
        heading, cell = line.rstrip("\n").split(": ", 1)
        start = place + len(heading) + 2
        written = columns.written(start, start + len(cell))
        assert written is not None
        assert cell == text[slice(*written)]
        assert columns.written(place, start + len(cell)) is None or place == 0
        place += len(line)


def test_the_default_profile_finds_dates_and_codes_by_their_headings() -> None:
    text = "kunde;geburtsdatum;pin\n4711;14.03.1985;4821\n4712;03.11.1990;9377\n"
    matches = ENGINE.classify(text, profile(DEFAULT_UUID, 1))
    assert [
        ("DATE_OF_BIRTH", "14.03.1985"),
        ("ACCOUNT_PIN", "4821"),
        ("DATE_OF_BIRTH", "03.11.1990"),
        ("ACCOUNT_PIN", "9377"),
    ] == [(match.classifier, match.text) for match in matches]
