"""How far exporters have come."""

from datetime import UTC, datetime, timedelta

from meterd.metadata import Progress
from tests.metadata.sql.conftest import Place

TEN = datetime(2026, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_an_exporter_that_never_ran_has_no_progress(place: Place) -> None:
    assert place.open().exports.progress("otlp") is None


def test_progress_is_kept_for_each_exporter_and_outlives_the_process(place: Place) -> None:
    saved = {"otlp": Progress(TEN, TEN + HOUR), "onetrust": Progress(TEN, TEN + HOUR, TEN + 2 * HOUR)}
    metadata = place.open()
    for name, progress in saved.items():
        assert metadata.exports.advance(name, None, Progress(TEN, TEN))
        assert metadata.exports.advance(name, Progress(TEN, TEN), progress)
    metadata.close()

    again = place.open()
    assert saved == {name: again.exports.progress(name) for name in saved}


def test_who_was_overtaken_takes_nothing_back(place: Place) -> None:
    first, second = place.open().exports, place.open().exports
    begun, sent, further = Progress(TEN, TEN), Progress(TEN, TEN + HOUR), Progress(TEN, TEN + 2 * HOUR)
    assert first.advance("otlp", None, begun)
    assert second.advance("otlp", begun, further)

    assert not first.advance("otlp", begun, sent)
    assert not first.advance("otlp", None, sent)
    assert further == first.progress("otlp")
