"""Which facts are of one call, though they come at different times."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest

from meterd.ingest import recent
from meterd.ingest.deduplication import DeduplicationIndex
from meterd.ingest.nesting import SpanIndex
from meterd.ingest.spans import Label, Link, Place, label
from tests.ingest.index import Clock, connected

WINDOW = 100.0
CHAT = label(b"m", "generation", None, "library")
EMBEDDING = label(b"m", "embedding", None, "library")


@pytest.fixture(params=["all wait", "none waits"])
def _waiting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "none waits":
        monkeypatch.setattr(recent, "_MAX_WAITING", 0)
        monkeypatch.setattr(recent, "_ROOM", 0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connection(_waiting: None, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connected(tmp_path / "journal.sqlite")) as connection:
        yield connection


@pytest.fixture
def generations(connection: sqlite3.Connection, clock: Clock) -> DeduplicationIndex:
    generations = DeduplicationIndex(connection, WINDOW, clock)
    generations.rotate()
    return generations


@pytest.fixture
def index(connection: sqlite3.Connection, generations: DeduplicationIndex) -> SpanIndex:
    return SpanIndex(connection, generations)


def key(number: int) -> bytes:
    return b"trace..." + number.to_bytes(8, "big")


def place(number: int, within: int | None = None, of: Label = CHAT) -> Place:
    return Place(key(number), number, of, "t", None if within is None else key(within))


def link(number: int, around: int, is_kept: bool = True) -> Link:
    return Link(key(number), key(around), "t", is_kept)


def parts(index: SpanIndex, *of: Place | Link, entry: int = 1) -> list[tuple[int, int]]:
    """Inner and outer spans that are one call once these have come."""
    places = [each for each in of if isinstance(each, Place)]
    links = [each for each in of if isinstance(each, Link)]
    found = index.add(places, links, entry)
    assert {dataset for dataset, _ in found} <= {"model_calls"}
    for _, pair in found:
        assert (pair.inner_at, pair.outer_at) == (int(pair.inner, 16), int(pair.outer, 16))
    return [(int(pair.inner, 16), int(pair.outer, 16)) for _, pair in found]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize(
    "between", [lambda: place(2, within=1), lambda: link(2, around=1)], ids=["a call", "a span that is no fact"]
)
def test_calls_within_each_other_become_the_outermost(
    index: SpanIndex, order: tuple[int, ...], between: Callable[[], Place | Link]
) -> None:
    spans: list[Place | Link] = [place(1), between(), place(3, within=2)]
    found = [pair for each in order for pair in parts(index, spans[each])]
    outers = dict(found)

    assert len(outers) == len(found) == sum(isinstance(each, Place) for each in spans) - 1
    for inner in outers:
        outer = inner
        while outer in outers:
            outer = outers[outer]
        assert outer == 1


def test_two_calls_beside_each_other_stay_apart(index: SpanIndex) -> None:
    assert parts(index, place(2, within=1), place(3, within=1)) == []
    assert parts(index, place(1, of=EMBEDDING)) == []


def test_two_attempts_become_the_call_that_made_them(index: SpanIndex) -> None:
    assert parts(index, place(2, within=1), place(3, within=1)) == []
    assert sorted(parts(index, place(1))) == [(2, 1), (3, 1)]


def test_a_call_of_another_kind_between_them_keeps_them_apart(index: SpanIndex) -> None:
    assert parts(index, place(3, within=2)) == []
    assert parts(index, place(2, within=1, of=EMBEDDING)) == []
    assert parts(index, place(1)) == []


def test_spans_that_come_again_change_nothing(index: SpanIndex) -> None:
    assert parts(index, place(3, within=2), entry=1) == []
    assert parts(index, link(2, around=1), entry=2) == []
    assert parts(index, place(1), entry=3) == [(3, 1)]
    assert parts(index, link(2, around=1), entry=4) == []
    assert parts(index, place(1), entry=5) == []


def test_a_span_that_is_not_kept_passes_on_those_that_wait_for_it(index: SpanIndex) -> None:
    assert parts(index, place(3, within=2)) == []
    assert parts(index, link(2, around=1, is_kept=False)) == []
    assert parts(index, place(1)) == [(3, 1)]
    assert parts(index, place(4, within=2)) == []


def test_spans_within_each_other_come_to_an_end(index: SpanIndex) -> None:
    assert parts(index, place(1, within=2)) == []
    assert parts(index, place(2, within=1)) == [(2, 1)]
    assert parts(index, place(5, within=5)) == []
    assert parts(index, link(6, around=7), link(7, around=6)) == []
    assert parts(index, place(8, within=6)) == []


def test_a_part_of_an_export_is_known_by_its_own_key(index: SpanIndex) -> None:
    part = Link(key(2), key(1), "t", is_kept=True, place=place(2))

    assert parts(index, place(3, within=2)) == []
    assert parts(index, place(1), part) == [(3, 1)]
    assert parts(index, place(4, within=2)) == [(4, 1)]


def test_it_is_remembered_by_who_opens_it_again(connection: sqlite3.Connection, index: SpanIndex, clock: Clock) -> None:
    assert parts(index, place(2, within=1)) == []
    generations = DeduplicationIndex(connection, WINDOW, clock)
    generations.rotate()

    assert parts(SpanIndex(connection, generations), place(1)) == [(2, 1)]


def test_it_is_remembered_for_a_window_and_forgotten_after_two(
    index: SpanIndex, generations: DeduplicationIndex, clock: Clock
) -> None:
    assert parts(index, place(2, within=1), place(5)) == []
    clock.now = WINDOW
    generations.rotate()
    assert parts(index, place(1), place(6, within=5)) == [(6, 5), (2, 1)]
    assert parts(index, place(12, within=11)) == []
    clock.now = 3 * WINDOW + 1
    generations.rotate()
    assert parts(index, place(7, within=5), place(11)) == []


def test_what_is_lost_with_an_entry_is_forgotten(index: SpanIndex, generations: DeduplicationIndex) -> None:
    assert parts(index, place(1), place(3, within=2), entry=7) == []
    generations.forget(6, 7)

    assert parts(index, place(4, within=1), place(2), entry=8) == []


def test_generations_of_an_earlier_version_gain_their_tables(connection: sqlite3.Connection, clock: Clock) -> None:
    first = DeduplicationIndex(connection, WINDOW, clock)
    first.rotate()
    for name in ("spans_1", "awaited_1"):
        connection.execute(f"DROP TABLE {name}")
    again = DeduplicationIndex(connection, WINDOW, clock)
    again.rotate()
    index = SpanIndex(connection, again)

    assert parts(index, place(2, within=1)) == []
    assert parts(index, place(1)) == [(2, 1)]


def test_many_that_wait_are_looked_at_up_to_a_number(index: SpanIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterd.ingest.nesting._MAX_PARTS", 3)
    assert parts(index, *(place(number, within=1) for number in range(2, 8))) == []

    assert len(parts(index, place(1))) == 3
    assert {"parts": 1} == index.reached


def test_spans_between_are_gone_through_up_to_a_number(index: SpanIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterd.ingest.nesting._MAX_STEPS", 3)
    assert parts(index, place(1), *(link(number, around=number - 1) for number in range(2, 9))) == []

    assert parts(index, place(10, within=3)) == [(10, 1)]
    assert parts(index, place(11, within=2)) == [(11, 1)]
    assert not index.reached
    assert parts(index, place(12, within=8)) == []
    assert {"steps": 1} == index.reached


@pytest.mark.parametrize("seed", range(6))
def test_pairs_are_the_same_whether_spans_wait_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Exports of one forest, some of which come again or fail, restarts, entries that are lost, new generations."""

    def run(max_waiting: int, name: str) -> list[object]:
        monkeypatch.setattr(recent, "_MAX_WAITING", max_waiting)
        monkeypatch.setattr(recent, "_ROOM", max_waiting // 2)
        chance, clock, seen = random.Random(seed), Clock(), list[object]()
        path = tmp_path / name
        connection = connected(path)
        generations = DeduplicationIndex(connection, WINDOW, clock)
        for entry in range(1, 120):
            what = chance.random()
            if what < 0.1:
                connection.close()
                connection = connected(path)
                clock.now = 0.0
                generations = DeduplicationIndex(connection, WINDOW, clock)
            elif what < 0.15:
                generations.forget(entry - 5, entry - 3)
            elif what < 0.2:
                clock.now += WINDOW * 0.6
            generations.rotate()
            index = SpanIndex(connection, generations)
            of = [_any_span(chance) for _ in range(chance.randrange(1, 8))]
            connection.execute("BEGIN")
            seen.append(sorted(parts(index, *of, entry=entry)))
            if chance.random() < 0.2:
                connection.execute("ROLLBACK")
                generations.doubt()
            else:
                connection.execute("COMMIT")
        connection.close()
        return seen

    found = run(10_000, "all")

    assert any(found)
    assert found == run(0, "none") == run(12, "some")


def _any_span(chance: random.Random) -> Place | Link:
    """A span of a tree: one within a span of a lower number."""
    number = chance.randrange(1, 150)
    around = number - chance.randrange(1, 4) if number > 3 and number % 7 else None
    if around is not None and chance.random() < 0.3:
        return link(number, around)
    return place(number, around)
