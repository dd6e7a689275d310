"""The pages: which there are, and the shell that each of them is."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from meterd import __version__
from meterd.access import Caller
from meterd.access.context import RequestContext
from meterd.access.persons import cookies_of
from meterd.api.http import Response
from meterd.web.assets import Assets
from meterd.web.policy import GUARDS, PRIVATE

DASHBOARD = "dashboard.js"
"""The module that fills pages of panels."""
_THEMES = ("light", "dark")
_TEMPLATES = Path(__file__).parent / "templates"


class Page(NamedTuple):
    """A page: its address, and the module that fills it; it is in the navigation if it has a label there.

    `style` is a file of its own besides the style of all pages, `window` the time that it shows at first.
    """

    name: str
    title: str
    path: str
    script: str = DASHBOARD
    label: str = ""
    is_operators: bool = False
    style: str = ""
    window: str = ""

    @property
    def draws(self) -> bool:
        """Tell whether it has charts of the large library; others draw their own."""
        return self.script in (DASHBOARD, "explore.js")


PAGES = (
    Page("overview", "Overview", "/overview", label="Overview"),
    Page("models", "Models", "/models", label="Models"),
    Page("guardrails", "Guardrails", "/guardrails", label="Guardrails"),
    Page("tools", "Tools and agents", "/tools", label="Tools & agents"),
    Page("routing", "Cache and routing", "/routing", label="Cache & routing"),
    Page("ai-guard", "AI Guard", "/ai-guard", label="AI Guard"),
    Page("dashboard", "Dashboard", "/dashboards/{id:str}"),
    Page("sessions", "Sessions", "/sessions", "sessions.js", "Sessions", style="sessions.css", window="7d"),
    Page("session", "Session", "/sessions/{id:str}", "session.js", style="sessions.css"),
    Page("usage", "Usage", "/usage", "usage.js", "Usage", style="sessions.css", window="30d"),
    Page("explore", "Explore", "/explore", "explore.js", "Explore", style="explore.css"),
    Page("classify", "Classify", "/classify", "classify.js", "Classify", style="system.css"),
    Page("system", "System", "/system", "system.js", "System", is_operators=True, style="system.css"),
)
"""In the order of the navigation."""


def as_person(caller: Caller) -> dict[str, object]:
    """Return what a page may know of whoever looks at it."""
    return {
        "subject": caller.subject,
        "subjectType": str(caller.subject_type),
        "teams": list(caller.teams),
        "tenant": caller.tenant,
        "tenantAdmin": caller.tenant_admin,
        "scopes": sorted(str(scope) for scope in caller.scopes),
    }


class Pages:
    """Renders pages."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            asset=assets.address, imported=assets.imported, pages=PAGES, version=__version__
        )

    def shell(self, page: Page, caller: Caller, context: RequestContext, own: Mapping[str, object]) -> Response:
        """Render a page; `own` are members of the boot data besides those that every page has."""
        me = as_person(caller)
        boot = {"me": me, "page": page.name, "zone": "UTC", "version": __version__, "dashboard": None, **own}
        if page.window:
            boot["window"] = page.window
        return self.render("base.html", context, page=page, me=me, boot=boot)

    def message(self, context: RequestContext, status: int, title: str, text: str) -> Response:
        """Render a page that says something, and leads on."""
        return self.render("message.html", context, status, title=title, text=text)

    def render(self, template: str, context: RequestContext, status: int = 200, **values: object) -> Response:
        """Render a template."""
        theme = next((value for name, value in cookies_of(context) if name == "meterd_theme"), "")
        text = self._environment.get_template(template).render(theme=theme if theme in _THEMES else "auto", **values)
        return Response(status, text.encode(), (PRIVATE, *GUARDS), b"text/html")
