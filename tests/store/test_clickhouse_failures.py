import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from meterd.store import QueryCancelled, QueryMemory, QueryTimeout, StoreError, Unreadable
from meterd.store.clickhouse.failures import Missing, Refused, failure, translated_insert


def error(code: int | None) -> DatabaseError:
    return DatabaseError("Code: 0. DB::Exception: 'secret' at https://me:secret@db", code=code, name="NAME")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (159, QueryTimeout),
        (241, QueryMemory),
        (396, QueryMemory),
        (394, QueryCancelled),
        (516, Refused),
        (60, Missing),
        (81, Missing),
        (242, StoreError),
        (None, StoreError),
    ],
)
def test_an_error_is_what_the_layers_above_know_it_as_and_repeats_no_data(
    code: int | None, kind: type[StoreError]
) -> None:
    found = failure(error(code))

    assert type(found) is kind
    assert "secret" not in str(found)
    assert code is None or str(code) in str(found)


@pytest.mark.parametrize(("code", "kind"), [(27, Unreadable), (469, Unreadable), (243, StoreError), (16, StoreError)])
def test_only_errors_that_are_about_lines_say_that_they_can_t_be_read(code: int, kind: type[StoreError]) -> None:
    with pytest.raises(StoreError) as raised, translated_insert():
        raise error(code)

    assert type(raised.value) is kind
    assert "secret" not in str(raised.value)


def test_limits_of_queries_are_none_of_insertions() -> None:
    with pytest.raises(StoreError) as raised, translated_insert():
        raise OperationalError("no", code=241)

    assert type(raised.value) is StoreError
