"""A server for each module of tests of pages, and a browser that may not complain; each test has windows of its own.

A server that modules shared would hold what others happen to have sent by then.
"""

import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from meterd.access import Scope
from tests.process import Meterd, make_token
from tests.web.browser import signed_in

_REPORT_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI} at ${event.sourceFile}`));"""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


PATIENCE = 60_000
"""Milliseconds for what a busy machine is slow at: twice the time of a query, so that none ends at the same moment."""

LONGEST = 600.0
"""Seconds that a test may take on a busy machine."""

expect.set_options(timeout=PATIENCE)


class Complaints:
    """What a browser complains of: errors of scripts, violations of the policy, requests that fail."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._allowed: list[str] = []

    def allow(self, pattern: str) -> None:
        """Let a test cause what a regular expression finds."""
        self._allowed.append(pattern)

    def watch(self, context: BrowserContext) -> None:
        """Listen to all windows of a context."""
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("console", lambda message: self._on_console(message.type, message.text))
        context.on("weberror", lambda error: self._said.append(f"error: {error.error}"))
        context.on("requestfailed", lambda request: self._on_failure(request.url, request.failure or ""))
        context.on("response", lambda response: self._on_response(response.url, response.status))

    def all(self) -> list[str]:
        """Return what was said and not allowed."""
        return [each for each in self._said if not any(re.search(allowed, each) for allowed in self._allowed)]

    def _on_console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):  # said as a response
            self._said.append(f"console: {text}")

    def _on_failure(self, url: str, failure: str) -> None:
        if "ERR_ABORTED" not in failure:  # what a page wants no more
            self._said.append(f"failed: {url}: {failure}")

    def _on_response(self, url: str, status: int) -> None:
        if status >= 400:
            self._said.append(f"status {status}: {url}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """The server of a module; its `token` belongs to an administrator of the tenant `default`."""
    with Meterd(tmp_path_factory.mktemp("browser")) as meterd:
        yield meterd


@pytest.fixture(scope="module")
def site(server: Meterd) -> str:
    """The address of the server, without a slash at its end."""
    return server.url


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:  # of Playwright's many types
    assert CHROMIUM, "the tests of pages need Chromium: apt-get install chromium, or `make test` as root"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": CHROMIUM, "args": [*arguments, "--disable-gpu"]}


@pytest.fixture(scope="module")
def administrator(server: Meterd) -> StorageState:
    """What a browser keeps of an administrator who signed in."""
    return state_of(server, server.token)


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    """Let a test fail that waits for what has no limit of its own, such as a promise or the end of a window."""
    overdue = threading.Timer(LONGEST, _end_browsers)
    overdue.start()
    yield
    overdue.cancel()


def _end_browsers() -> None:
    """End Playwright's driver and with it all browsers: whoever waits for them is told."""
    own = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    for child in own:
        if b"run-driver" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fail a test in which a browser complains of something that the test did not `allow`."""
    complaints = Complaints()
    yield complaints
    assert complaints.all() == []


@pytest.fixture
def new_page(browser: Browser, site: str, complaints: Complaints) -> Iterator[Callable[..., Page]]:
    """Open windows: `new_page(state, color_scheme="dark", viewport=…)`, by default with nobody signed in."""
    contexts: list[BrowserContext] = []

    def opened(state: StorageState | None = None, **options: Any) -> Page:
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "timezone_id": "UTC"} | options
        context = browser.new_context(base_url=site, storage_state=state, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        complaints.watch(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page], administrator: StorageState) -> Page:
    """A window of an administrator."""
    return new_page(administrator)


@pytest.fixture
def page_of(server: Meterd, new_page: Callable[..., Page]) -> Callable[..., Page]:
    """Open a window of another subject: `page_of("alice", teams=("red",))`, with the options of `make_token`."""

    def opened(subject: str, *, scopes: tuple[Scope, ...] = (Scope.QUERY,), **options: Any) -> Page:
        token = make_token(server.data, subject, scopes=scopes, **options).token or ""
        return new_page(state_of(server, token))

    return opened


def state_of(server: Meterd, token: str) -> StorageState:
    """Sign in by a token; return what a browser would keep."""
    with signed_in(server, token) as client:
        return {
            "cookies": [
                {
                    "name": cookie.name,
                    "value": cookie.value or "",
                    "domain": "127.0.0.1",
                    "path": "/",
                    "httpOnly": True,
                    "secure": False,
                    "sameSite": "Strict",
                    "expires": -1,
                }
                for cookie in client.cookies.jar
            ],
            "origins": [],
        }
