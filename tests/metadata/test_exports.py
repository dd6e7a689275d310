"""How far exporters have come."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from meterd.metadata.directory import Directory
from meterd.metadata.exports import Exports, Progress

TEN = datetime(2026, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_an_exporter_that_never_ran_has_no_progress(tmp_path: Path) -> None:
    directory = Directory(tmp_path / "directory.sqlite")
    assert Exports(directory).progress("otlp") is None
    directory.close()


def test_progress_is_kept_for_each_exporter_and_outlives_the_process(tmp_path: Path) -> None:
    saved = {"otlp": Progress(TEN, TEN + HOUR), "onetrust": Progress(TEN, TEN + HOUR, TEN + 2 * HOUR)}
    directory = Directory(tmp_path / "directory.sqlite")
    for name, progress in saved.items():
        Exports(directory).save(name, Progress(TEN, TEN))
        Exports(directory).save(name, progress)
    directory.close()

    again = Directory(tmp_path / "directory.sqlite")
    assert saved == {name: Exports(again).progress(name) for name in saved}
    again.close()
