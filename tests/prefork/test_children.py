"""The parent and processes that don't behave: none is waited for without end, and each is followed by another."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from meterd.prefork.parent import Parent

PATIENCE = 120.0
HANGS, STRANGE, SILENT = "hangs", "strange", "silent"
_CHILD = """
import signal, socket, sys, time
from pathlib import Path
from meterd.prefork.messages import Family, Leave, Order, Ready, Sample, Told, framed

order = Order.given()
kind, folder = sys.argv[1], Path(sys.argv[2])
parent = socket.socket(fileno=order.channel)
is_first = not list(folder.iterdir())
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
(folder / str(time.monotonic_ns())).touch()
parent.sendall(framed(Ready()))
if is_first and kind == "hangs":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(1000)
if is_first and kind == "strange":
    parent.sendall(framed(Told(-1, [Family("a", "", "counter", "in no way known", [Sample("a", {}, 1)])])))
    sys.exit(1)
if is_first and kind == "silent":
    parent.sendall(b"\\0\\0\\0\\1\\xff")
while parent.recv(1000) not in (b"", framed(Leave())):
    pass
"""


async def until(parent: Parent, drive: Callable[[], Awaitable[None]]) -> int:
    """Run, do something when it is ready, stop; returns the status."""
    ready = asyncio.Event()
    async with asyncio.timeout(PATIENCE):
        running = asyncio.create_task(parent.run(ready.set))
        await ready.wait()
        await drive()
        parent.stop()
        return await running


async def is_followed(folder: Path) -> None:
    """Wait for the second process."""
    await asyncio.to_thread(_wait_for_two, folder)


def _wait_for_two(folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while len([*folder.iterdir()]) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)


def child(kind: str, folder: Path) -> list[str]:
    return [sys.executable, "-c", _CHILD, kind, str(folder)]


async def test_one_that_hangs_while_it_leaves_is_killed_and_counts_as_restarted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parent = Parent(child(HANGS, tmp_path), 1, [], patience=1.0)

    async def restart() -> None:
        parent.restart()
        await is_followed(tmp_path)

    assert 0 == await until(parent, restart)
    assert 1 == parent.restarts
    assert "hangs, and is killed" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [STRANGE, SILENT])
async def test_one_that_says_what_nobody_understands_is_followed_by_another(kind: str, tmp_path: Path) -> None:
    parent = Parent(child(kind, tmp_path), 1, [])

    assert 0 == await until(parent, partial(is_followed, tmp_path))
    assert 1 == parent.restarts
