"""What keeps people from using a page, as axe-core finds it."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page


def findings(page: Page) -> list[str]:
    """List serious and critical findings: the rule, and the first place where it is broken."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]
