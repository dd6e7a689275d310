"""The history of a demo, as it is in a data directory before a server has it."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from meterd.data_directory import open_metadata
from meterd.demo.history import write_history
from meterd.demo.story import tell
from meterd.demo.workload import Workload
from meterd.ingest.facts import Submission
from meterd.ingest.journal import Committed, Journal
from meterd.settings import Directory, load


def test_documents_of_sessions_follow_all_facts_however_slow_the_journal_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Journal.commit

    def slow(journal: Journal, group: Sequence[Submission]) -> Committed:
        time.sleep(0.5)
        return commit(journal, group)

    monkeypatch.setattr(Journal, "commit", slow)
    data = tmp_path / "data"

    write_history(
        data, load(None, {}), Workload(1, tell(datetime(2026, 6, 10, 12, tzinfo=UTC), 5), 2000), lambda *_: None
    )

    with duckdb.connect(str(data / "store.duckdb"), read_only=True) as store:
        found = store.execute("SELECT DISTINCT session_id::TEXT FROM session_states").fetchall()
    metadata = open_metadata(data, Directory())
    try:
        assert found
        assert all(metadata.sessions.find(id_) for (id_,) in found)
    finally:
        metadata.close()
