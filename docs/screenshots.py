"""Takes pictures of every page of a demo server, whose history is the same each time: `make screenshots`.

Those of all pages, light and dark, wide and narrow, go into `screenshots/`, which git ignores. With
`--for-documentation` it makes the few small ones of `docs/images` instead, which are kept.
"""

import base64
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import httpx2
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from meterd.web.pages import PAGES

ROOT = Path(__file__).parent.parent
PICTURES, KEPT = ROOT / "screenshots", ROOT / "docs" / "images"
MAX_KEPT_BYTES = 150_000
_END, _WINDOW = "2026-11-26T16:30:00Z", "2026-11-25T16:30:00.000Z/2026-11-26T16:30:00.000Z"
_WEEKS = "2026-11-06T00:00:00.000Z/2026-11-26T16:30:00.000Z"
_WIDE, _NARROW = (1280, 860), (360, 740)
_PATIENCE = 240_000
_DONE = """() => [...document.querySelectorAll("[aria-busy=true]")].every((panel) => {
  const { top, bottom } = panel.getBoundingClientRect();
  return bottom < 0 || top > innerHeight;  // what is not in view asks nothing
})"""
_AS_WEBP = """async ([png, quality]) => {
  const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/webp", quality })).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


class Demo(NamedTuple):
    """A demo server that answers, and the token of its administrator."""

    url: str
    token: str


class Kept(NamedTuple):
    """A picture of the documentation: its name, the address, how large the window is, and its theme."""

    name: str
    path: str
    size: tuple[int, int] = _WIDE
    theme: str = "light"


@contextmanager
def demo(*arguments: str) -> Iterator[Demo]:
    """Run `meterd demo` with a history that ends at a fixed time."""
    command = [sys.executable, "-m", "meterd", "demo", "--listen", "127.0.0.1:0", "--end", _END, *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if found := re.search(r"meterd ready on (\S+)", line):
                break
        else:
            raise RuntimeError(said)
        token = re.search(r"mtr_\w+", said)
        assert token is not None
        reader = threading.Thread(target=deque, args=(process.stderr, 0))  # a pipe that is full stops who writes
        reader.start()
        try:
            yield Demo(found[1], token[0])
        finally:
            process.terminate()
            reader.join()


def addresses(site: Demo) -> dict[str, str]:
    """Return the address of each page, by a name for its file."""
    paths = {page.name: page.path for page in PAGES if "{" not in page.path}
    paths["session"] = f"/sessions/{_session(site)}"
    return {"sign-in": "/sign-in"} | {name: f"{path}?window={quote(_WINDOW, safe='')}" for name, path in paths.items()}


def _session(site: Demo) -> str:
    """Choose a session that has much to show: of those that crashed after an exception the one with most events."""
    answer = httpx2.get(
        f"{site.url}/api/data/sessions/list",
        params={"status": "crashed", "event": "exception", "limit": "50"},
        headers={"Authorization": f"Bearer {site.token}"},
    )
    found: list[dict[str, str]] = answer.raise_for_status().json()["sessions"]
    return max(found, key=lambda session: int(session["event_count"]))["id"]


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run Debian's Chromium."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*arguments, "--disable-gpu"])
        yield browser
        browser.close()


def signed_in(browser: Browser, site: Demo) -> StorageState:
    """Sign in, and return what the browser keeps of it."""
    with browser.new_context(base_url=site.url) as context:
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_label("Token").fill(site.token)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/overview*", wait_until="commit", timeout=_PATIENCE)
        return context.storage_state()


@contextmanager
def window(
    browser: Browser, site: Demo, theme: str, size: tuple[int, int], kept: StorageState | None
) -> Iterator[Page]:
    """Open a window of a browser, in which somebody is signed in if that is kept."""
    width, height = size
    with browser.new_context(
        base_url=site.url,
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
        storage_state=kept,
    ) as context:
        yield context.new_page()


def look(page: Page, path: str, whole: bool) -> bytes:
    """Return a picture of a page, of which all panels are filled; `whole` has also what is below the window."""
    page.goto(path, timeout=_PATIENCE)
    _wait(page)
    while whole and (height := page.evaluate("() => document.documentElement.scrollHeight")) > _height(page):
        page.set_viewport_size({"width": page.evaluate("() => innerWidth"), "height": height})
        _wait(page)  # what has come into view may make it longer again
    return page.screenshot(full_page=whole, animations="disabled", timeout=_PATIENCE)


def _wait(page: Page) -> None:
    page.wait_for_load_state("networkidle", timeout=_PATIENCE)
    page.wait_for_function(_DONE, timeout=_PATIENCE)


def _height(page: Page) -> int:
    return (page.viewport_size or {"height": 0})["height"]


def take_all(site: Demo, browser: Browser) -> None:
    """Take pictures of all pages into `screenshots/`."""
    PICTURES.mkdir(exist_ok=True)
    kept = signed_in(browser, site)
    for theme in ("light", "dark"):
        for size, name in ((_WIDE, "wide"), (_NARROW, "narrow")):
            for page_name, path in addresses(site).items():
                with window(browser, site, theme, size, None if page_name == "sign-in" else kept) as page:
                    picture = PICTURES / f"{page_name}-{name}-{theme}.png"
                    picture.write_bytes(look(page, path, whole=True))
                    _say(str(picture.relative_to(ROOT)))


def take_kept(site: Demo, browser: Browser) -> None:
    """Take the pictures of the documentation into `docs/images`, each as small as it must be."""
    KEPT.mkdir(exist_ok=True)
    kept = signed_in(browser, site)
    paths = addresses(site)
    for each in (
        Kept("overview", paths["overview"]),
        Kept("overview-dark", paths["overview"], theme="dark"),
        Kept("models", paths["models"]),
        Kept("ai-guard", paths["ai-guard"]),
        Kept("session", paths["session"]),
        Kept("usage", f"/usage?user=code-review&month={_END[:7]}&window={quote(_WEEKS, safe='')}"),
    ):
        with window(browser, site, each.theme, each.size, kept) as page:
            picture = KEPT / f"{each.name}.webp"
            picture.write_bytes(_small(page, look(page, each.path, whole=False)))
            _say(f"{picture.relative_to(ROOT)}: {picture.stat().st_size / 1000:.0f} kB")


def _small(page: Page, png: bytes) -> bytes:
    """Make a WebP of a picture, with the best quality that is small enough."""
    page.goto("about:blank")  # whose policy is none
    for quality in (0.9, 0.8, 0.65, 0.5):
        webp = base64.b64decode(page.evaluate(_AS_WEBP, [base64.b64encode(png).decode(), quality]))
        if len(webp) <= MAX_KEPT_BYTES:
            return webp
    raise ValueError(f"a picture has {len(webp):,} bytes, more than {MAX_KEPT_BYTES:,}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Take the pictures that are asked for."""
    take = take_kept if "--for-documentation" in sys.argv[1:] else take_all
    with demo() as site, browsing() as browser:
        take(site, browser)


if __name__ == "__main__":
    main()
