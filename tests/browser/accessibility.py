"""What keeps people from using a page, as axe-core finds it."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

_AT_REST = """() => [...document.querySelectorAll(".panel[aria-busy=true]")].every(
  (panel) => panel.getBoundingClientRect().top >= window.innerHeight)
  && !document.getAnimations().some((each) => each instanceof CSSTransition)"""
"""A function: the policy of the pages lets no text be evaluated, which is what waiting for an expression does."""


def findings(page: Page) -> list[str]:
    """List serious and critical findings: the rule, and the first place where it is broken.

    What waits for a newer answer is dimmed for that while and a moment longer, so the page is looked at when at rest.
    """
    is_at_rest = False
    while not is_at_rest:
        page.wait_for_function(_AT_REST)
        violations = Axe().run(page).response["violations"]
        is_at_rest = page.evaluate(_AT_REST)
    return [
        f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]
