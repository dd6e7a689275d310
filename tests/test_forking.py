"""Servers of the tests that are forks are as those that the command starts."""

import re
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from meterd.cli import COMMANDS
from tests.forking import Forked
from tests.process import Meterd, make_token, run_command

LASTING = {"agent", "collect", "demo", "serve"}
"""Commands that run until a signal, which other tests start as processes of their own."""


def descriptors(server: Meterd) -> Counter[str]:
    """What it has open, without the numbers of what has no name, and where the data are."""
    found: Counter[str] = Counter()
    for descriptor in Path(f"/proc/{server.process.pid}/fd").iterdir():
        name = str(descriptor.readlink()).replace(str(server.data), "")
        found[re.sub(r":\[\d+\]$", "", name)] += 1
    return found


def test_a_fork_has_open_what_a_process_of_its_own_has(tmp_path: Path) -> None:
    with Meterd(tmp_path / "one") as one, Meterd(tmp_path / "two", forked=False) as two:
        assert isinstance(one.process, Forked)
        assert isinstance(two.process, subprocess.Popen)
        assert 200 == one.anonymous.get("/health").status_code == two.anonymous.get("/health").status_code
        assert descriptors(two) == descriptors(one)


def test_a_start_that_is_refused_says_so_and_has_the_status_of_the_command(tmp_path: Path) -> None:
    said = []
    for forked in (True, False):
        server = Meterd(tmp_path, environment={"METERD_SERVICE__TIMEOUT": "never"}, forked=forked)
        with pytest.raises(AssertionError, match="timeout") as refused:
            server.start()
        assert 1 == server.process.wait()
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_a_fork_ends_by_signals_as_a_process_does(tmp_path: Path) -> None:
    server = Meterd(tmp_path)
    for end, status in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)):
        server.start()
        assert server.process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(0.01)
        server.process.send_signal(end)
        assert status == server.wait()
        server.process.send_signal(end)  # is late, and harmless
        assert status == server.process.poll()


def test_only_our_own_settings_may_differ_in_a_fork(tmp_path: Path) -> None:
    with Meterd(tmp_path, environment={"TZ": "Asia/Tokyo"}) as server:
        assert isinstance(server.process, subprocess.Popen)
    ours = {"METERD_INGEST__BACKLOG_BYTES": "100000000", "_LEFT_BY_A_LIBRARY": "1"}
    with Meterd(tmp_path, environment=ours) as server:
        assert isinstance(server.process, Forked)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("commands")
    make_token(data)
    return data


@pytest.mark.parametrize(
    "arguments",
    [
        *([name, "--help"] for name in sorted(COMMANDS.keys() - LASTING - {"doctor", "token", "version"})),
        ["doctor", "--data", "DATA"],
        ["token", "list", "--data", "DATA"],
        ["token", "list", "--data", "DATA/nothing-like-it"],
        ["version"],
    ],
    ids=" ".join,
)
def test_a_command_that_is_a_fork_says_and_does_what_one_of_its_own_imports_does(
    arguments: list[str], data: Path
) -> None:
    given = [each.replace("DATA", str(data)) for each in arguments]
    forked, own = run_command(*given), run_command(*given, forked=False)

    assert (own.returncode, own.stdout, own.stderr) == (forked.returncode, forked.stdout, forked.stderr)
    assert own.stdout or own.stderr.startswith("meterd: ")
