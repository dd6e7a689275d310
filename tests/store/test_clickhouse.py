"""The store on ClickHouse, as its engine behind HTTP has it (`tests/clickhouse_server.py`)."""

import contextlib
import itertools
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from meterd.datasets import API_REQUESTS, DATASETS, METER_EVENTS, MODEL_CALLS, SESSION_EVENTS, Column, Dataset, Kind
from meterd.errors import ConfigurationError
from meterd.store import (
    Cancellation,
    DuckDBStore,
    Lines,
    QueryCancelled,
    QueryMemory,
    QueryTimeout,
    StoreError,
    Unreadable,
)
from meterd.store.addresses import Server, parse_url
from meterd.store.clickhouse import inserting
from meterd.store.clickhouse.store import ClickHouseStore
from tests.clickhouse import ClickHouse

JOURNAL, OTHER = "a" * 32, "b" * 32
MEMORY = 2 * 10**8
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
MICROSECONDS = int(AT.timestamp()) * 10**6 + AT.microsecond
NAMES = (f"db{number}" for number in itertools.count())
EVERY = pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)


class Place:
    """A database of its own, and nodes that keep facts there."""

    def __init__(self, server: ClickHouse, directory: Path) -> None:
        self.url = server.url(next(NAMES))
        self.directory = directory
        self.stack = contextlib.ExitStack()

    def node(self, journal: str = JOURNAL, *, url: str = "", datasets: Sequence[Dataset] = ()) -> ClickHouseStore:
        address = parse_url(url or self.url)
        assert isinstance(address, Server)
        store = ClickHouseStore(address, self.directory / f"{journal}.sqlite", MEMORY, 60)
        self.stack.callback(store.close)
        store.create(datasets or (MODEL_CALLS, METER_EVENTS, API_REQUESTS))
        store.follow(journal)
        return store


@pytest.fixture
def place(clickhouse: ClickHouse, tmp_path: Path) -> Iterator[Place]:
    place = Place(clickhouse, tmp_path)
    with place.stack:
        yield place


def call(span: str | None, **members: Any) -> dict[str, Any]:
    return {"createdAt": AT.isoformat(), "traceId": "t", "spanId": span} | members


def lines(dataset: Dataset, *rows: dict[str, Any], tenant: str = "acme", entry: int = 1) -> Lines:
    """Rows as an entry of the journal has them."""
    text = "\n".join(msgspec.json.encode({k: v for k, v in row.items() if v is not None}).decode() for row in rows)
    return Lines(dataset, tenant, text, len(rows), origins=((entry, len(rows)),))


def count(store: ClickHouseStore, dataset: Dataset = MODEL_CALLS) -> int:
    return int(store.select(f"SELECT count() FROM {dataset.name}", (), 60)[0][0])


def value_of(column: Column) -> object:
    if column.allowed:
        return column.allowed[0]
    match column.kind:
        case Kind.TIME:
            return AT.isoformat()
        case Kind.NUMBER:
            return 0.1
        case Kind.INTEGER:
            return 2**53 + 1 if column.maximum is None else 123
        case Kind.UNSIGNED:
            return 2**64 - 1
        case Kind.BOOLEAN:
            return True
        case Kind.TEXTS:
            return ["", "ü\n\"'\\"]
        case Kind.NUMBERS:
            return [1, None, 2.5]
        case Kind.TEXT_MAP:
            return {"ü\n\"'\\": "", "k": "v"}
        case Kind.JSON:
            return '{"a": [1, "\\u0000"]}'
    return f"{column.name} ü\n\t\"'\\\u0000😀"


@EVERY
def test_a_fact_comes_out_of_both_engines_alike(dataset: Dataset, shared_place: Place, tmp_path: Path) -> None:
    full = {column.member: value_of(column) for column in dataset.columns}
    bare = {"createdAt": "1970-01-01T00:00:00Z"}
    batch = [lines(dataset, full, bare)]
    names = ", ".join(f'"{column.name}"' for column in dataset.columns)
    sql = f"SELECT tenant, {names} FROM {dataset.name} ORDER BY ts DESC"
    store = shared_place.node(datasets=[dataset])
    with contextlib.closing(DuckDBStore(tmp_path / "store.duckdb", threads=1)) as duckdb:
        duckdb.create([dataset])
        for each in (store, duckdb):
            each.append(batch, 1)

        expected = [list(row) for row in duckdb.select(sql, (), 60)]
        for number, column in enumerate(dataset.columns, 1):
            if column.kind is Kind.NUMBERS and expected[1][number] is None:
                expected[1][number] = []  # an array is never null in ClickHouse
        assert [list(row) for row in store.select(sql, (), 60)] == expected


def test_times_of_all_years_come_out_of_both_engines_alike(place: Place, tmp_path: Path) -> None:
    """Sessions have facts of whatever year a clock says."""
    times = [
        "0001-01-01T00:00:00Z",
        "0999-05-06T07:08:09.5Z",
        "1899-12-31T23:59:59Z",
        "1969-12-31T23:59:59.999999Z",
        "2299-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59.999999Z",
    ]
    batch = [lines(SESSION_EVENTS, *({"createdAt": time, "name": time} for time in times))]
    sql = "SELECT ts, name FROM session_events ORDER BY ts"
    store = place.node(datasets=[SESSION_EVENTS])
    with contextlib.closing(DuckDBStore(tmp_path / "store.duckdb", threads=1)) as duckdb:
        duckdb.create([SESSION_EVENTS])
        for each in (store, duckdb):
            each.append(batch, 1)

        found = store.select(sql, (), 60)
        assert ([name for _, name in found], found) == (times, duckdb.select(sql, (), 60))
    assert store.delete_before(SESSION_EVENTS, datetime(1970, 1, 1, tzinfo=UTC)) == 4
    assert count(store, SESSION_EVENTS) == 2


@pytest.fixture(scope="module")
def shared_place(clickhouse: ClickHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for tests that look at one dataset each."""
    place = Place(clickhouse, tmp_path_factory.mktemp("place"))
    with place.stack:
        yield place


def test_what_is_sent_again_counts_once(place: Place) -> None:
    store = place.node()
    facts = lines(MODEL_CALLS, call("a"), call("b"), call(None), call(None))
    store.append([facts], 1)
    store.append([facts], 1)
    assert count(store) == 4

    store.append([facts], 2)  # as another batch, so by another token
    assert count(store) == 4

    store.append([lines(MODEL_CALLS, call(None), entry=2)], 2)  # another fact that looks the same
    assert count(store) == 5


def test_a_fact_that_two_nodes_got_counts_once_if_it_has_an_identity(place: Place) -> None:
    one, two = place.node(JOURNAL), place.node(OTHER)
    facts = lines(MODEL_CALLS, call("a"), call("b"), call(None))

    senders = [threading.Thread(target=store.append, args=([facts], 1)) for store in (one, two)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert count(one) == count(two) == 2 + 2


@pytest.mark.parametrize("member", ["createdBySubjectSlug", "createdBySubjectType"])
def test_nobody_can_take_the_place_of_another_one_s_fact(place: Place, member: str) -> None:
    store = place.node()
    values = {"createdBySubjectSlug": ("eve", "bob"), "createdBySubjectType": ("user", "virtualaccount")}[member]
    for entry, value in enumerate(values, 1):
        store.append([lines(MODEL_CALLS, call("a", **{member: value}), entry=entry)], entry)
    store.append([lines(MODEL_CALLS, call("a"), tenant="other", entry=3)], 3)

    assert count(store) == 3


def packed(entry: int, *ids: str) -> Lines:
    each = {"ts": [MICROSECONDS] * len(ids), "record_id": list(ids), "duration": [None] * len(ids)}
    shared = {"service": "api", "environment": "production"}
    text = msgspec.json.encode({"each": each, "shared": shared}).decode()
    return Lines(API_REQUESTS, "acme", text, len(ids), packed=True, origins=((entry, len(ids)),))


def test_packed_facts_are_facts_of_their_own(place: Place) -> None:
    store = place.node()
    store.append([packed(1, "a", "b")], 1)
    store.append([packed(1, "a", "b")], 1)

    assert store.select("SELECT record_id, service, ts, duration FROM api_requests ORDER BY record_id", (), 60) == [
        ("a", "api", AT.replace(tzinfo=None), None),
        ("b", "api", AT.replace(tzinfo=None), None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"each":{"ts":[1,2],"record_id":["a"]},"shared":{}}',
        '{"each":{"ts":["x"],"record_id":["a"]},"shared":{}}',
        '{"each":{"ts":[null],"record_id":["a"]},"shared":{}}',
        '{"each":{"nothing":[1]},"shared":{}}',
        '{"each":{"ts":[1]},"shared":',
        '{"each":{"ts":[1e300]},"shared":{}}',
        "",
    ],
)
def test_a_packed_line_that_is_none_can_t_be_read(place: Place, text: str) -> None:
    store = place.node(datasets=[API_REQUESTS])
    bad = Lines(API_REQUESTS, "acme", text, 1, packed=True, origins=((1, 1),))

    with pytest.raises(Unreadable):
        store.append([bad], 1)
    assert store.readable(bad) == [0]
    assert store.watermark() == 0


def pair(inner: str, outer: str) -> dict[str, Any]:
    return {"trace": "t", "inner": inner, "innerAt": MICROSECONDS, "outer": outer, "outerAt": MICROSECONDS}


def merged(*pairs: dict[str, Any], entry: int = 2) -> Lines:
    text = "\n".join(msgspec.json.encode(each).decode() for each in pairs)
    return Lines(MODEL_CALLS, "acme", text, 0, merged=True, origins=((entry, 0),))


def test_facts_of_one_call_become_one_and_stay_so_when_what_came_before_is_sent_again(
    place: Place, tmp_path: Path
) -> None:
    facts = lines(
        MODEL_CALLS,
        call("a", modelName="m", isFailure=False),
        call("b", modelName="other", inputTokens=5, streaming=False, httpStatusCode=500, isFailure=True),
        call("c", inputTokens=7, outputTokens=2**60 + 1, streaming=True, httpStatusCode=200, isFailure=False),
        call("d", costInUSD=0.1),
    )
    links = merged(pair("b", "a"), pair("c", "b"), pair("gone", "d"), pair("d", "nowhere"))
    sql = (
        "SELECT span_id, model_name, input_tokens, output_tokens, streaming, http_status_code, is_failure, cost_in_usd "
        "FROM model_calls ORDER BY span_id"
    )
    store = place.node()
    with contextlib.closing(DuckDBStore(tmp_path / "store.duckdb", threads=1)) as duckdb:
        duckdb.create([MODEL_CALLS])
        for each in (duckdb, store):
            each.append([facts], 1)
            each.append([links], 2)
        whole = duckdb.select(sql, (), 60)

    assert [row[0] for row in whole] == ["a", "d"]
    assert store.select(sql, (), 60) == whole
    for batch, watermark in (([facts], 1), ([links], 2), ([facts, links], 3)):
        store.append(batch, watermark)
        assert store.select(sql, (), 60) == whole


@pytest.mark.parametrize("others", [0, 40])
def test_only_the_facts_that_are_named_become_one_whatever_others_share_with_them(place: Place, others: int) -> None:
    odd = "it's \\ (\"x\"), ['y'] \t\n"
    later = [AT + timedelta(microseconds=number + 1) for number in range(others)]
    store = place.node()
    facts = [
        *(call(span, traceId=trace) for trace in ("t", "u", odd) for span in ("a", "b", odd)),
        *(call("b", createdAt=at.isoformat()) for at in later),
    ]
    last = pair("c", "b") | {"innerAt": 1, "outerAt": MICROSECONDS + others}  # so that all times are between
    pairs = [pair("b", "a"), pair(odd, "a") | {"trace": "u"}, pair(odd, "b") | {"trace": odd}, last]
    store.append([lines(MODEL_CALLS, *facts)], 1)

    store.append([merged(*pairs)], 2)

    left = store.select("SELECT trace_id, span_id, ts FROM model_calls", (), 60)
    named = {("t", "a"), ("t", odd), ("u", "a"), ("u", "b"), (odd, "a"), (odd, "b")}
    assert sorted([*named, *[("t", "b")] * others]) == sorted((trace, span) for trace, span, _ in left)
    assert sorted(at.replace(tzinfo=None) for at in later) == sorted(
        at for trace, span, at in left if (trace, span) == ("t", "b")
    )


def test_facts_are_there_before_they_become_one(place: Place) -> None:
    store = place.node()
    store.append([merged(pair("b", "a")), lines(MODEL_CALLS, call("a"), call("b"))], 2)

    assert store.select("SELECT span_id FROM model_calls", (), 60) == [("a",)]


@pytest.mark.parametrize(
    "line",
    [
        '{"meter":"a","value":1}',
        '{"createdAt":"never","meter":"a","value":1}',
        f'{{"createdAt":"{AT.isoformat()}","meter":"a","value":-1}}',
        f'{{"createdAt":"{AT.isoformat()}","meter":"a","value":1.5}}',
        f'{{"createdAt":"{AT.isoformat()}","meter":"a","value":"secret"}}',
        f'{{"createdAt":"{AT.isoformat()}","meter":"a","teams":"secret"}}',
        "secret",
        "[1]",
        "{}",
        "",
    ],
)
def test_a_line_that_can_t_be_read_is_told_from_others_and_leaves_nothing_behind(place: Place, line: str) -> None:
    store = place.node(datasets=[METER_EVENTS])
    good = f'{{"createdAt":"{AT.isoformat()}","meter":"a","value":1}}'
    both = Lines(METER_EVENTS, "acme", f"{good}\n{line}", 2, origins=((1, 2),))

    with pytest.raises(Unreadable) as unreadable:
        store.append([both], 1)
    assert "secret" not in str(unreadable.value)
    assert store.readable(both) == [1, 0]
    assert count(store, METER_EVENTS) == 0
    assert store.watermark() == 0


def test_lines_of_another_number_of_facts_than_they_should_hold_are_not_stored(place: Place) -> None:
    store = place.node(datasets=[METER_EVENTS])
    good = f'{{"createdAt":"{AT.isoformat()}","meter":"a","value":1}}'

    with pytest.raises(Unreadable, match="1 of 2 facts"):
        store.append([Lines(METER_EVENTS, "acme", good, 2, origins=((1, 2),))], 1)


def test_facts_of_any_number_of_months_come_in_one_batch(place: Place) -> None:
    store = place.node(datasets=[METER_EVENTS])
    rows = [
        {"createdAt": f"{1970 + month // 12}-{month % 12 + 1:02}-01T00:00:00Z", "meter": "a", "value": 1}
        for month in range(105)
    ]
    store.append([lines(METER_EVENTS, *rows)], 1)

    assert count(store, METER_EVENTS) == 105
    assert store.delete_before(METER_EVENTS, datetime(1970, 6, 1, tzinfo=UTC)) == 5
    assert count(store, METER_EVENTS) == 100


def test_of_a_month_that_is_cut_what_is_younger_stays(place: Place) -> None:
    store = place.node(datasets=[METER_EVENTS])
    times = ["2026-01-02T03:04:05.678900Z", "2026-01-02T03:04:05.678901Z", "2025-12-31T00:00:00Z"]
    rows = [{"createdAt": time, "meter": "a", "value": 1} for time in times]
    store.append([lines(METER_EVENTS, *rows)], 1)

    assert store.delete_before(METER_EVENTS, AT) == 2
    assert store.select("SELECT ts FROM meter_events", (), 60) == [(AT.replace(tzinfo=None),)]
    assert store.delete_before(METER_EVENTS, AT) == 0


def test_columns_that_are_declared_later_are_added(place: Place) -> None:
    without = msgspec.structs.replace(
        MODEL_CALLS, columns=tuple(column for column in MODEL_CALLS.columns if column.name != "cost_in_usd")
    )
    before = place.node(datasets=[without])
    before.append([lines(without, call("a"))], 1)

    after = place.node(datasets=[MODEL_CALLS])
    after.append([lines(MODEL_CALLS, call("b", costInUSD=0.5), entry=2)], 2)
    assert after.select("SELECT span_id, cost_in_usd FROM model_calls ORDER BY span_id", (), 60) == [
        ("a", None),
        ("b", 0.5),
    ]


def test_values_are_bound_by_the_engine(place: Place) -> None:
    store = place.node(datasets=[METER_EVENTS])
    text = "ü\n\t'\"\\ {p2:String} %s"
    sql = "SELECT {p1:String}, {p2:DateTime64(6, 'UTC')}, {p3:Array(String)}"

    assert store.select(sql, (text, AT.replace(tzinfo=None), [text, ""]), 60) == [
        (text, AT.replace(tzinfo=None), [text, ""])
    ]


def test_a_query_ends_at_its_limits(place: Place) -> None:
    store = place.node(datasets=[METER_EVENTS])

    with pytest.raises(QueryTimeout):
        store.select("SELECT sum(cityHash64(number)) FROM numbers(1000000000000)", (), 0.2)
    with pytest.raises(QueryMemory):
        store.select("SELECT groupArray(number) FROM numbers(1000000000)", (), 60)
    with pytest.raises(StoreError, match="UNKNOWN_TABLE"):
        store.select("SELECT 'secret' FROM nothing", (), 60)


def test_a_query_ends_when_nobody_waits_for_it(place: Place) -> None:
    store = place.node(datasets=[METER_EVENTS])
    cancellation = Cancellation()
    running = (
        "SELECT count() FROM system.processes "
        "WHERE query LIKE '%numbers(999999999999)%' AND query NOT LIKE '%processes%'"
    )

    has_ended = threading.Event()

    def leave() -> None:
        while not has_ended.is_set() and store.select(running, (), 60) == [(0,)]:
            pass
        cancellation.cancel()

    leaver = threading.Thread(target=leave)
    leaver.start()
    try:
        with pytest.raises(QueryCancelled):
            store.select("SELECT sum(cityHash64(number)) FROM numbers(999999999999)", (), 60, cancellation)
    finally:
        has_ended.set()
        leaver.join()


def test_a_batch_that_was_begun_is_known_after_a_start_and_ends_where_it_did(
    place: Place, clickhouse: ClickHouse
) -> None:
    store = place.node()
    store.append([lines(METER_EVENTS, {"createdAt": AT.isoformat(), "meter": "a", "value": 1})], 3)
    assert (store.watermark(), store.begun()) == (3, None)

    clickhouse.fail("243")
    with pytest.raises(StoreError, match="243"):
        store.append([lines(METER_EVENTS, {"createdAt": AT.isoformat(), "meter": "b", "value": 1}, entry=4)], 7)
    clickhouse.heal()
    again = place.node()
    assert (again.watermark(), again.begun()) == (3, 7)
    again.append([lines(METER_EVENTS, {"createdAt": AT.isoformat(), "meter": "b", "value": 1}, entry=4)], 7)
    assert (again.watermark(), again.begun(), count(again, METER_EVENTS)) == (7, None, 2)


def test_rows_are_cut_into_blocks_alike_each_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inserting, "_MOST_ROWS", 3)
    store = place.node(datasets=[METER_EVENTS])
    rows = [{"createdAt": AT.isoformat(), "meter": "a", "value": number} for number in range(10)]
    for _ in range(2):
        store.append([lines(METER_EVENTS, *rows)], 1)

    assert store.select("SELECT value FROM meter_events ORDER BY value", (), 60) == [(n,) for n in range(10)]


def test_a_database_without_the_facts_that_were_loaded_is_another_one(place: Place, clickhouse: ClickHouse) -> None:
    store = place.node()
    store.mark("installation")
    store.append([lines(METER_EVENTS, {"createdAt": AT.isoformat(), "meter": "a", "value": 1})], 5)
    assert store.installation() == place.node().installation() == "installation"

    elsewhere = place.node(url=clickhouse.url("elsewhere"))
    assert elsewhere.installation() is None
    with pytest.raises(StoreError, match=r"loaded up to entry 5 .* --accept-loss store"):
        elsewhere.append([lines(METER_EVENTS, {"createdAt": AT.isoformat(), "meter": "a", "value": 1}, entry=6)], 6)


def test_a_server_that_can_t_be_reached_keeps_no_node_from_starting(tmp_path: Path) -> None:
    address = parse_url("clickhouse://default@127.0.0.1:1/meterd")
    assert isinstance(address, Server)
    with contextlib.closing(ClickHouseStore(address, tmp_path / "store.sqlite", 10**9, 5)) as store:
        store.create(DATASETS.values())
        store.mark("installation")

        assert store.installation() == "installation"
        with pytest.raises(StoreError, match=r"ClickHouse does not answer \(Connection refused\)"):
            store.append([lines(METER_EVENTS, {"createdAt": AT.isoformat(), "meter": "a", "value": 1})], 1)
        with pytest.raises(StoreError, match="ClickHouse does not answer"):
            store.select("SELECT 1", (), 5)


def test_lines_of_no_journal_have_identities_of_their_text(place: Place) -> None:
    store = place.node()
    rows = [{"createdAt": AT.isoformat(), "meter": "a", "value": 1}] * 2
    facts = msgspec.structs.replace(lines(METER_EVENTS, *rows), origins=())
    store.append([facts], 1)
    store.append([facts], 2)

    assert count(store, METER_EVENTS) == 2
    places = store.select("SELECT fact_identity FROM meter_events ORDER BY fact_identity", (), 60)
    assert [isinstance(each, UUID) for (each,) in places] == [True, True]


def test_a_file_that_keeps_no_progress_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"no database" * 1000)
    address = parse_url("clickhouse://127.0.0.1:1/meterd")
    assert isinstance(address, Server)

    with pytest.raises(ConfigurationError, match=r"can't open .*store\.sqlite"):
        ClickHouseStore(address, tmp_path / "store.sqlite", 10**9, 5)
