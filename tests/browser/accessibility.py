"""What keeps people from using a page, as axe-core finds it."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

_BUSY = """[...document.querySelectorAll(".panel[aria-busy=true]")].some(
  (panel) => panel.getBoundingClientRect().top < window.innerHeight)"""


def findings(page: Page) -> list[str]:
    """List serious and critical findings: the rule, and the first place where it is broken.

    What waits for a newer answer is dimmed for that while, so the page is looked at when it is at rest.
    """
    is_busy = True
    while is_busy:
        page.wait_for_function(f"!({_BUSY})")
        violations = Axe().run(page).response["violations"]
        is_busy = page.evaluate(_BUSY)
    return [
        f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]
