"""Graceful ends under load."""

import signal
from pathlib import Path

import pytest

from tests.crash.load import Ledger, Load, check
from tests.process import Meterd


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_under_load_keeps_what_was_acknowledged_and_leaves_no_log_of_the_store(
    end: signal.Signals, tmp_path: Path
) -> None:
    server, ledger = Meterd(tmp_path, forked=False), Ledger()
    with server, Load(server, ledger, writers=8):
        ledger.wait_for_acknowledged(500)
        server.process.send_signal(end)
        assert server.process.wait(timeout=30) == 0
    assert [file.name for file in tmp_path.iterdir() if "duckdb." in file.name] == []
    with server:
        ledger.repeat_unanswered(server)
        check(server, ledger)
