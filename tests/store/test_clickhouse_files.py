"""Facts go into files of ClickHouse and come back, between engines too; persons are taken out of it."""

import contextlib
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from meterd.datasets import DATASETS, METER_EVENTS, MODEL_CALLS, Dataset
from meterd.datasets.person import Person
from meterd.store import StoreError, Unreadable
from meterd.store.addresses import parse_url
from meterd.store.clickhouse import files as clickhouse_files
from meterd.store.clickhouse.connections import Connections
from meterd.store.clickhouse.database import Database
from meterd.store.clickhouse.erasing import ClickHouseErasure
from meterd.store.clickhouse.files import ClickHouseFiles
from tests.clickhouse import ClickHouse
from tests.store.test_duckdb_files import FEBRUARY, JANUARY, all_written, files, filled, read, stored, written

ANN = Person("ann", "user", ("acme",))


@contextlib.contextmanager
def database(clickhouse: ClickHouse, datasets: Iterable[Dataset]) -> Iterator[Connections]:
    """A database with empty tables."""
    address = parse_url(clickhouse.url(f"files_{uuid.uuid4().hex}"))
    assert address is not None
    with contextlib.closing(Connections(address, "", 60)) as connections:
        Database(connections, "", {}).create(datasets)
        yield connections


@pytest.fixture
def connections(clickhouse: ClickHouse) -> Iterator[Connections]:
    with database(clickhouse, (METER_EVENTS, MODEL_CALLS)) as connections:
        yield connections


def count(connections: Connections, dataset: Dataset) -> int:
    return sum(ClickHouseFiles(connections, "").months(dataset).values())


def told(path: Path, dataset: Dataset) -> list[str]:
    """The facts of an embedded store; ClickHouse has no array that is null."""
    return [fact.replace("[]", "None") for fact in read(path, dataset)]


def test_every_value_of_every_dataset_goes_to_clickhouse_and_back(clickhouse: ClickHouse, tmp_path: Path) -> None:
    source, target = filled(tmp_path / "source"), stored(tmp_path / "target")
    with database(clickhouse, DATASETS.values()) as connections, files(target) as embedded:
        made = ClickHouseFiles(connections, "")
        for name, file in all_written(source).items():
            dataset, back = DATASETS[name], file.with_name("back.parquet")
            assert (made.add(dataset, JANUARY, file), made.add(dataset, JANUARY, file)) == (4, 0)
            assert made.write(dataset, JANUARY, back) == 4
            assert embedded.add(dataset, JANUARY, back) == 4

    for dataset in DATASETS.values():
        assert told(source, dataset) == told(target, dataset)


def test_facts_of_all_years_go_to_clickhouse_and_back(
    connections: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clickhouse_files, "_COMPARED_AT_ONCE", 0)
    times = [
        "0001-01-01T00:00:00Z",
        "0999-05-31T23:59:59.5Z",
        "1899-12-31T23:59:59Z",
        "1969-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59.999999Z",
    ]
    source = stored(tmp_path / "source", *({"createdAt": time} for time in times))
    target = stored(tmp_path / "target")
    made = ClickHouseFiles(connections, "")
    with files(source) as one, files(target) as other:
        months = one.months(METER_EVENTS)
        for month in months:
            file, back = (tmp_path / "files" / f"{month}{which}.parquet" for which in ("", "-back"))
            assert one.write(METER_EVENTS, month, file) == 1
            assert (made.add(METER_EVENTS, month, file), made.add(METER_EVENTS, month, file)) == (1, 0)
            assert made.write(METER_EVENTS, month, back) == other.add(METER_EVENTS, month, back) == 1

    assert ([str(month) for month in months], made.months(METER_EVENTS)) == ([time[:7] for time in times], months)
    assert told(source, METER_EVENTS) == told(target, METER_EVENTS)


def test_equal_facts_are_as_many_as_either_has(connections: Connections, tmp_path: Path) -> None:
    thrice, once, own = {"meter": "thrice"}, {"meter": "once"}, {"meter": "own"}
    some, other = tmp_path / "some", tmp_path / "other"
    some.mkdir()
    other.mkdir()
    made = ClickHouseFiles(connections, "")
    assert made.add(METER_EVENTS, JANUARY, written(stored(some / "store", thrice, once, once, own))) == 4

    assert made.add(METER_EVENTS, JANUARY, written(stored(other / "store", thrice, thrice, thrice, once))) == 2

    assert count(connections, METER_EVENTS) == 6
    assert made.months(METER_EVENTS) == {JANUARY: 6}


def test_a_file_that_is_not_what_its_name_says_is_refused_and_nothing_is_added(
    connections: Connections, tmp_path: Path
) -> None:
    made = ClickHouseFiles(connections, "")
    file = written(stored(tmp_path / "source", {"meter": "a"}))
    newer, text = file.with_name("newer"), file.with_name("text")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT *, 1 AS colour FROM '{file}') TO '{newer}' (FORMAT parquet)")
    text.write_text("no")

    with pytest.raises(Unreadable, match="another month"):
        made.add(METER_EVENTS, FEBRUARY, file)
    with pytest.raises(Unreadable, match="colour"):
        made.add(METER_EVENTS, JANUARY, newer)
    with pytest.raises(StoreError):
        made.add(METER_EVENTS, JANUARY, text)
    assert count(connections, METER_EVENTS) == 0


@pytest.mark.parametrize("deletes", [True, False])
def test_a_person_is_taken_out_and_nobody_else_is(deletes: bool, connections: Connections, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"createdBySubjectSlug": "ann", "createdBySubjectType": "user"},
        {"createdBySubjectSlug": "ann"},
        {"createdBySubjectSlug": "ann", "createdBySubjectType": "virtualaccount"},
        {"createdBySubjectId": "ann"},
        {"metadata": {"end_user": "ann", "b": "c"}},
        {"createdBySubjectSlug": "bob", "metadata": {"ann": "x"}},
        {},
    ]
    made = ClickHouseFiles(connections, "")
    source = stored(tmp_path / "source", *rows, dataset=MODEL_CALLS)
    assert made.add(MODEL_CALLS, JANUARY, written(source, dataset=MODEL_CALLS)) == 7
    erasure = ClickHouseErasure(connections, "")
    assert (erasure.count(MODEL_CALLS, ANN), erasure.count(MODEL_CALLS, Person("ann", "user", ("other",)))) == (4, 0)

    changed = erasure.delete(MODEL_CALLS, ANN) if deletes else erasure.rename(MODEL_CALLS, ANN, "nobody")

    assert (changed, erasure.count(MODEL_CALLS, ANN)) == (4, 0)
    assert erasure.count(MODEL_CALLS, Person("nobody", "user", ("acme",))) == (0 if deletes else 4)
    assert count(connections, MODEL_CALLS) == (3 if deletes else 7)
    assert erasure.count(MODEL_CALLS, Person("ann", "virtualaccount", ("acme",))) == 1
