"""The page on sizing is what its script projects, and the projection follows from its figures."""

import msgspec
import pytest
from bench.figures import Figures, notes
from bench.outage import Worker, simulate
from bench.sizing import RATES, project, shards
from docs.generate_sizing import PAGE, page

FIGURES = Figures()


def test_the_generated_page_is_up_to_date() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run make docs"


def test_every_figure_says_what_it_is_and_where_it_is_from() -> None:
    assert [] == [note.name for note in notes(FIGURES) if not (note.said.meaning and note.said.source and note.value)]


def test_twice_the_facts_take_about_twice_as_much() -> None:
    one, two = project(FIGURES, 10**6), project(FIGURES, 2 * 10**6)
    for each in ("workers", "shards", "disk_gigabytes", "cores", "cost"):
        assert pytest.approx(2, rel=0.05) == getattr(two, each) / getattr(one, each)


@pytest.mark.parametrize(
    ("changed", "because"),
    [({"server_disk": 1e9}, "inserts"), ({"retention": 365.0}, "disk"), ({"viewers": 10_000.0}, "queries")],
    ids=str,
)
def test_what_is_scarce_decides_the_number_of_shards(changed: dict[str, float], because: str) -> None:
    assert because == project(msgspec.structs.replace(FIGURES, **changed), 10**6).because


def test_all_that_is_needed_is_there() -> None:
    for rate in RATES:
        assert max(shards(FIGURES, rate).values()) == project(FIGURES, rate).shards
        assert project(FIGURES, rate).workers * FIGURES.identified_facts >= rate * FIGURES.peak


def worker(**changed: float) -> Worker:
    return Worker(arriving=100, loading=400, peak=1, fact_bytes=10, limit_bytes=1e9, interval=1)._replace(**changed)


def test_what_waited_in_an_outage_is_loaded_at_the_rate_that_is_left() -> None:
    day = simulate(worker(), 600)
    assert pytest.approx(600_000, rel=0.01) == day.journal_bytes
    assert 0 == day.refused
    assert pytest.approx(600 * 100 / (400 - 100), rel=0.02) == day.catching_up
    assert pytest.approx(601, rel=0.01) == day.largest_lag


def test_what_the_journal_has_no_room_for_is_refused() -> None:
    day = simulate(worker(limit_bytes=300_000), 600)
    assert pytest.approx(300_000) == day.journal_bytes
    assert pytest.approx(300 / 86_400, rel=0.02) == day.refused


def test_a_loader_that_is_too_slow_at_the_peak_falls_behind_without_an_outage() -> None:
    assert simulate(worker(peak=2, loading=150), 0).usual_lag > 600
    assert simulate(worker(peak=2, loading=400), 0).usual_lag < 2
