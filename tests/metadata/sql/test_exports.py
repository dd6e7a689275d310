"""How far exporters have come."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from meterd.metadata import Progress
from meterd.metadata.sql import SQLMetadata

TEN = datetime(2026, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_an_exporter_that_never_ran_has_no_progress(tmp_path: Path) -> None:
    metadata = SQLMetadata(tmp_path / "directory.sqlite")
    assert metadata.exports.progress("otlp") is None
    metadata.close()


def test_progress_is_kept_for_each_exporter_and_outlives_the_process(tmp_path: Path) -> None:
    saved = {"otlp": Progress(TEN, TEN + HOUR), "onetrust": Progress(TEN, TEN + HOUR, TEN + 2 * HOUR)}
    metadata = SQLMetadata(tmp_path / "directory.sqlite")
    for name, progress in saved.items():
        metadata.exports.save(name, Progress(TEN, TEN))
        metadata.exports.save(name, progress)
    metadata.close()

    again = SQLMetadata(tmp_path / "directory.sqlite")
    assert saved == {name: again.exports.progress(name) for name in saved}
    again.close()
