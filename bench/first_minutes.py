"""A new user's path: from a clone to the first chart, with packages in pip's cache."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import servers
from bench.tables import table

_ROOT = Path(__file__).parent.parent
_CHART = ".panel[aria-busy=false] canvas"
_PATIENCE = 300_000


def measure() -> str:
    """One table: seconds from the beginning until each step is done."""
    with tempfile.TemporaryDirectory(prefix="meterd-first-") as folder:
        clone, started = Path(folder) / "meterd", time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", str(_ROOT), str(clone)], check=True)
        steps = [("git clone", time.perf_counter() - started)]
        with subprocess.Popen(
            ["make", "demo", f"ARGS=--listen 127.0.0.1:{servers.free_port()}"],
            cwd=clone,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                link = _link(process, steps, started)
                _see(link)
                steps.append(("the first chart in a browser", time.perf_counter() - started))
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                process.communicate()
    return table("From a clone to the first chart, with a warm package cache", ("step", "done after s"), steps)


def _link(process: "subprocess.Popen[str]", steps: list[tuple[str, float]], started: float) -> str:
    """Return the link that the demo prints, when it is ready."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if line.startswith("Making up"):
            steps.append(("installed", time.perf_counter() - started))
        if "meterd ready on" in line:
            steps.append(("the demo is ready", time.perf_counter() - started))
            found = re.search(r"http://\S+/sign-in\?code=\S+", said)
            assert found is not None
            return found[0]
    raise RuntimeError(said)


def _see(link: str) -> None:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*arguments, "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(link, wait_until="commit", timeout=_PATIENCE)
        page.wait_for_selector(_CHART, timeout=_PATIENCE)
        browser.close()
