"""Every worker is in docs/operations.md, with its longest pause, and no other is."""

from meterd.supervision import WORKERS
from tests.docs.markdown import ROOT, code, tables


def test_every_worker_is_documented_with_its_longest_pause_and_no_other() -> None:
    documented = {
        code(row["worker"]): row["longest pause"]
        for table in tables(ROOT / "docs" / "operations.md", "Workers")
        for row in table
    }

    assert {worker.name: f"{worker.max_pause:g} s" for worker in WORKERS} == documented
