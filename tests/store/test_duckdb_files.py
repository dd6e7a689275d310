"""Facts of the embedded store go into files and come back as they were, each once."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from meterd.datasets import DATASETS, GUARDRAIL_EVALUATIONS, METER_EVENTS, SESSION_METRICS, Dataset, Kind
from meterd.store import StoreError, Unreadable, duckdb_files
from meterd.store.duckdb_files import DuckDBFiles
from meterd.store.fact_files import Month
from tests.store.test_duckdb import lines, opened

JANUARY, FEBRUARY = Month(2026, 1), Month(2026, 2)
VALUES: dict[Kind, list[Any]] = {
    Kind.TEXT: ["", "é\n'\"\x00", "x" * 5000],
    Kind.NUMBER: [0.1 + 0.2, -1e308, 5e-324],
    Kind.INTEGER: [2**63 - 1, -(2**63), 0],
    Kind.UNSIGNED: [2**64 - 1, 0, 1],
    Kind.BOOLEAN: [True, False, None],
    Kind.TIME: ["1970-01-01T00:00:00.000001Z", "2026-01-31T23:59:59.999999Z", None],
    Kind.TEXTS: [[], ["b", "a", "b"], [""]],
    Kind.NUMBERS: [[], [1.5, None], [None]],
    Kind.TEXT_MAP: [{}, {"b": "1", "a": ""}, {"k" * 128: "é"}],
    Kind.JSON: ["{}", '{"a":[1]}', None],
}


def stored(path: Path, *rows: dict[str, Any], dataset: Dataset = METER_EVENTS) -> Path:
    """A store with facts."""
    with contextlib.closing(opened(path)) as store:
        for number, row in enumerate(rows, 1):
            store.append([lines(row, dataset=dataset)], number)
    return path


@contextlib.contextmanager
def files(path: Path) -> Iterator[DuckDBFiles]:
    """Files beside a store."""
    (path.parent / "files").mkdir(exist_ok=True)
    with contextlib.closing(DuckDBFiles(path, path.parent / "files", threads=1)) as made:
        yield made


def written(path: Path, month: Month = JANUARY, dataset: Dataset = METER_EVENTS) -> Path:
    """The file of a month, which holds something."""
    file = path.parent / "files" / f"{dataset.name}-{month}.parquet"
    with files(path) as made:
        assert made.write(dataset, month, file) == made.months(dataset)[month]
    return file


def read(path: Path, dataset: Dataset) -> list[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return sorted(map(repr, connection.execute(f"SELECT * FROM {dataset.name}").fetchall()))


def rows_of(dataset: Dataset) -> list[dict[str, Any]]:
    """Facts of January with every value that is hard to keep, and one with nothing but a time."""
    rows = [
        {column.member: VALUES[column.kind][number] for column in dataset.columns}
        | {"createdAt": f"2026-01-02T03:04:05.00000{number}Z"}
        for number in range(3)
    ]
    return [*rows, {"createdAt": "2026-01-31T23:59:59.999999Z"}]


def filled(path: Path) -> Path:
    """A store with facts of every dataset."""
    with contextlib.closing(opened(path)) as store:
        store.append([lines(*rows_of(dataset), dataset=dataset) for dataset in DATASETS.values()], 1)
    return path


def all_written(path: Path) -> dict[str, Path]:
    """The file of every dataset."""
    found: dict[str, Path] = {}
    with files(path) as made:
        for dataset in DATASETS.values():
            found[dataset.name] = path.parent / "files" / f"{dataset.name}.parquet"
            assert made.write(dataset, JANUARY, found[dataset.name]) == 4
    return found


def test_every_value_of_every_column_comes_back_as_it_was(tmp_path: Path) -> None:
    source, target = filled(tmp_path / "source"), stored(tmp_path / "target")

    with files(target) as made:
        for name, file in all_written(source).items():
            dataset = DATASETS[name]
            assert (made.add(dataset, JANUARY, file), made.add(dataset, JANUARY, file)) == (4, 0)

    for dataset in DATASETS.values():
        assert read(source, dataset) == read(target, dataset)


def test_facts_go_into_the_file_of_their_month_in_utc(tmp_path: Path) -> None:
    times = ("2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00Z", "2026-01-31T23:30:00Z")
    source = stored(tmp_path / "source", *({"createdAt": time} for time in times))

    with files(source) as made:
        assert made.months(METER_EVENTS) == {JANUARY: 2, FEBRUARY: 1}
        assert made.months(GUARDRAIL_EVALUATIONS) == {}
    with duckdb.connect() as connection:
        file = written(source)
        (kind,) = connection.execute(f"SELECT DISTINCT typeof(ts) FROM '{file}'").fetchall()
        assert kind == ("TIMESTAMP WITH TIME ZONE",)
        instants = connection.execute(f"SELECT epoch_us(ts) FROM '{file}' ORDER BY ts").fetchall()
        assert instants == [(1769902200_000000,), (1769903999_999999,)]


def test_equal_facts_are_as_many_as_either_has(tmp_path: Path) -> None:
    """What has no identity of its own may have happened several times at once."""
    thrice, once = {"meter": "thrice"}, {"meter": "once"}
    source = stored(tmp_path / "source", thrice, thrice, thrice, once)
    target = stored(tmp_path / "target", thrice, once, once, {"meter": "own"})

    with files(target) as made:
        assert made.add(METER_EVENTS, JANUARY, written(source)) == 2

    with duckdb.connect(str(target), read_only=True) as connection:
        counted = connection.execute("SELECT meter, count(*) FROM meter_events GROUP BY meter ORDER BY meter")
        assert counted.fetchall() == [("once", 2), ("own", 1), ("thrice", 3)]


def test_no_numbers_are_the_same_as_an_empty_array(tmp_path: Path) -> None:
    """Another engine keeps the one as the other: what went there and came back is there already."""
    none: dict[str, Any] = {"name": "n", "sessionId": "s", "position": 1}
    source = stored(tmp_path / "source", none | {"bucketCounts": []}, dataset=SESSION_METRICS)
    target = stored(tmp_path / "target", none, dataset=SESSION_METRICS)

    with files(target) as made:
        assert made.add(SESSION_METRICS, JANUARY, written(source, dataset=SESSION_METRICS)) == 0


def test_many_facts_are_compared_day_by_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_files, "_COMPARED_AT_ONCE", 2)
    times = [f"2026-01-{day:02}T{hour}Z" for day in (1, 2, 31) for hour in ("00:00:00", "23:59:59.999999")]
    source = stored(tmp_path / "source", *({"createdAt": time} for time in times))
    target = stored(tmp_path / "target", *({"createdAt": time} for time in times[1:3]))

    with files(target) as made:
        assert made.add(METER_EVENTS, JANUARY, written(source)) == 4

    assert read(source, METER_EVENTS) == read(target, METER_EVENTS)


def test_what_differs_in_one_column_is_another_fact(tmp_path: Path) -> None:
    base = {"meter": "m", "metadata": {"a": "1"}, "teams": ["x", "y"]}
    others = [base | {"metadata": {"a": "2"}}, base | {"teams": ["y", "x"]}, base | {"agent": ""}]
    source, target = stored(tmp_path / "source", base, *others), stored(tmp_path / "target", base)

    with files(target) as made:
        assert made.add(METER_EVENTS, JANUARY, written(source)) == 3


def test_a_column_that_the_dataset_gained_is_null_and_one_that_is_unknown_is_refused(tmp_path: Path) -> None:
    file = written(stored(tmp_path / "source", {"meter": "a", "agent": "b"}))
    older, newer = file.with_name("older"), file.with_name("newer")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * EXCLUDE (agent) FROM '{file}') TO '{older}' (FORMAT parquet)")
        connection.execute(f"COPY (SELECT *, 1 AS colour FROM '{file}') TO '{newer}' (FORMAT parquet)")

    with files(stored(tmp_path / "target")) as made:
        assert made.add(METER_EVENTS, JANUARY, older) == 1
        with pytest.raises(Unreadable, match="colour"):
            made.add(METER_EVENTS, JANUARY, newer)
    with duckdb.connect(str(tmp_path / "target"), read_only=True) as connection:
        assert connection.execute("SELECT meter, agent FROM meter_events").fetchall() == [("a", None)]


@pytest.mark.parametrize(
    "content",
    [
        "SELECT * REPLACE (ts + INTERVAL 1 MONTH AS ts) FROM '{}'",
        "SELECT * REPLACE (NULL::TIMESTAMPTZ AS ts) FROM '{}'",
        "SELECT * REPLACE (NULL AS tenant) FROM '{}'",
        "SELECT * EXCLUDE (tenant) FROM '{}'",
        "SELECT * EXCLUDE (ts) FROM '{}'",
    ],
)
def test_a_file_whose_facts_nobody_could_find_is_refused_and_nothing_is_added(content: str, tmp_path: Path) -> None:
    file = written(stored(tmp_path / "source", {"meter": "a"}))
    other = file.with_name("other")
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({content.format(file)}) TO '{other}' (FORMAT parquet)")

    with files(stored(tmp_path / "target")) as made:
        with pytest.raises(Unreadable):
            made.add(METER_EVENTS, JANUARY, other)
        assert made.months(METER_EVENTS) == {}


def test_what_is_no_file_of_parquet_is_an_error_of_the_store(tmp_path: Path) -> None:
    target = stored(tmp_path / "target")
    with files(target) as made:
        (tmp_path / "files" / "text").write_text("no")
        for name in ("text", "missing"):
            with pytest.raises(StoreError):
                made.add(SESSION_METRICS, JANUARY, tmp_path / "files" / name)


def test_the_engine_touches_no_file_elsewhere(tmp_path: Path) -> None:
    source = stored(tmp_path / "source", {"meter": "a"})
    with files(source) as made:
        for elsewhere in (tmp_path / "file", tmp_path / "files" / ".." / "file"):
            with pytest.raises(StoreError, match="Permission"):
                made.write(METER_EVENTS, JANUARY, elsewhere)
    assert not (tmp_path / "file").exists()
