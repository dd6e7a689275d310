"""How values are written, whatever they are."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import dialect as postgresql
from sqlalchemy.dialects.sqlite import dialect as sqlite

from meterd.metadata.sql.tables import Name

_TEXTS = st.text(st.one_of(st.sampled_from("\0\1\2a"), st.characters(exclude_categories=["Cs"])))


def written(text: str) -> str:
    value = Name(16).process_bind_param(text, postgresql())
    assert value is not None
    return value


@given(_TEXTS)
def test_postgresql_gets_no_nul_and_gives_every_text_back(text: str) -> None:
    assert "\0" not in written(text)
    assert text == Name(16).process_result_value(written(text), postgresql())


@given(_TEXTS, _TEXTS)
def test_texts_have_the_same_order_in_postgresql(one: str, other: str) -> None:
    assert (one < other) == (written(one).encode() < written(other).encode())


@given(_TEXTS)
def test_sqlite_gets_texts_as_they_are(text: str) -> None:
    assert text == Name(16).process_bind_param(text, sqlite()) == Name(16).process_result_value(text, sqlite())
