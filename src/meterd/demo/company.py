"""Who works in the made-up company, and what its gateway has: models, guardrails, tools and agents."""

from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Generic, NamedTuple, TypeVar

_Item = TypeVar("_Item")


class Choice(Generic[_Item]):
    """Draws one of some items, by their weights."""

    def __init__(self, weighted: Sequence[tuple[_Item, float]]) -> None:
        self._items = [item for item, _ in weighted]
        self._weights = list(accumulate(weight for _, weight in weighted))

    def draw(self, random: Random) -> _Item:
        return random.choices(self._items, cum_weights=self._weights)[0]


class Person(NamedTuple):
    """A user, or a virtual account, which is a program."""

    slug: str
    kind: str
    id: str
    team: str


class Model(NamedTuple):
    """A model: its prices are in US dollars for a million tokens, or unknown; times in milliseconds."""

    name: str
    provider: str
    input_price: float | None
    output_price: float | None
    first_token: float
    output_token: float


class VirtualModel(NamedTuple):
    """A name for several models, which are tried one after the other."""

    name: str
    rule: str
    targets: tuple[Model, ...]


class Guardrail(NamedTuple):
    """A guardrail: whose texts it looks at, what it finds, and its usual latency in milliseconds."""

    name: str
    scope: str
    teams: frozenset[str]
    provider: str
    latency: float
    results: Choice[str]


class Agent(NamedTuple):
    """An agent: its weight among all, how it is built and where it runs, and the MCP servers that it uses."""

    name: str
    weight: float
    framework: str
    server_type: str
    platform: str
    servers: tuple[str, ...]


TEAMS = {
    "support": ("ana bo carla deniz emre farah gita hugo ida jonas kira luis", "support-bot"),
    "growth": ("mara nils olga pavel quinn rosa", "campaign-writer"),
    "search": ("sven tara uma viktor wanda", "search-api"),
    "finance": ("xenia yusuf zoe amir bianca", "invoice-reader"),
    "platform": ("chen dora elif finn greta hana ivan", "code-review"),
    "research": ("jun kofi lena mio noor oskar petra rafi", "nightly-evaluation"),
}
"""Each team's users, by their addresses at example.com, and its virtual account."""
_TEAM_WEIGHTS = {"support": 5.0, "growth": 2.0, "search": 2.5, "finance": 1.5, "platform": 2.2, "research": 1.8}


def _people() -> list[tuple[Person, float]]:
    found: list[tuple[Person, float]] = []
    for team, (names, account) in TEAMS.items():
        weight = _TEAM_WEIGHTS[team]
        found.append((Person(account, "virtualaccount", f"va-{account}", team), weight * 0.45))
        users = names.split()
        ranks = [1 / (rank + 1.5) for rank in range(len(users))]
        found += [
            (Person(f"{name}@example.com", "user", f"u-{name}", team), weight * 0.55 * rank / sum(ranks))
            for name, rank in zip(users, ranks, strict=True)
        ]
    return found


PEOPLE = Choice(_people())
USERS = Choice([(person, weight) for person, weight in _people() if person.kind == "user"])

LARGE = Model("aurora-large", "aurora", 3.0, 15.0, 620, 21)
MINI = Model("aurora-mini", "aurora", 0.25, 1.25, 260, 8)
PRO = Model("nimbus-pro", "nimbus", 2.5, 10.0, 540, 17)
PRO_2 = Model("nimbus-pro-2", "nimbus", 1.6, 8.0, 410, 13)
FLASH = Model("nimbus-flash", "nimbus", 0.1, 0.4, 180, 5)
HELIO = Model("helio-70b", "helio", None, None, 450, 14)
ORBIT = Model("orbit-8b", "in-house", 0.0, 0.0, 95, 6)
EMBED = Model("nimbus-embed", "nimbus", 0.02, 0.0, 70, 0)
OUTAGE_PROVIDER, RELEASE_TEAM, RELEASE_GUARDRAIL = "nimbus", "support", "injection/shield"

BEST_BEFORE = VirtualModel("chat-best", "loadbalance-chat-best", (PRO, LARGE))
BEST = VirtualModel("chat-best", "loadbalance-chat-best", (PRO_2, LARGE))
FAST = VirtualModel("chat-fast", "loadbalance-chat-fast", (FLASH, MINI))
MODELS: dict[str, Choice[Model | VirtualModel]] = {
    "support": Choice([(BEST, 4.0), (FAST, 5.0), (MINI, 1.0)]),
    "growth": Choice([(BEST, 5.0), (LARGE, 3.0), (FAST, 2.0)]),
    "search": Choice([(EMBED, 6.0), (FAST, 4.0)]),
    "finance": Choice([(ORBIT, 6.0), (BEST, 3.0), (LARGE, 1.0)]),
    "platform": Choice([(LARGE, 5.0), (BEST, 3.0), (HELIO, 2.0)]),
    "research": Choice([(HELIO, 4.0), (BEST, 3.0), (PRO, 2.0), (ORBIT, 3.0)]),
}
"""What each team's requests ask for. What is sent to a model before its launch goes to the one before it."""

_RESULTS = {
    "pii/redact": [("pass", 88.0), ("mutate", 11.7), ("error", 0.3)],
    RELEASE_GUARDRAIL: [("pass", 97.7), ("fail", 2.1), ("error", 0.2)],
    "secrets/scan": [("pass", 98.9), ("fail", 0.6), ("mutate", 0.5)],
    "toxicity/filter": [("pass", 97.1), ("flag", 2.2), ("fail", 0.5), ("error", 0.2)],
    "brand-voice/check": [("pass", 91.0), ("flag", 8.6), ("error", 0.4)],
}
GUARDRAILS = tuple(
    Guardrail(name, scope, frozenset(teams.split()), provider, latency, Choice(_RESULTS[name]))
    for name, scope, teams, provider, latency in (
        ("pii/redact", "input", "support growth finance", "in-house", 24),
        (RELEASE_GUARDRAIL, "input", "support search platform", "bastion", 62),
        ("secrets/scan", "input", "platform research finance", "in-house", 9),
        ("toxicity/filter", "output", "support growth search", "bastion", 85),
        ("brand-voice/check", "output", "growth", "in-house", 140),
    )
)

TOOLS = {
    "tickets": ("search_tickets", "read_ticket", "add_comment", "close_ticket"),
    "wiki": ("search_pages", "read_page"),
    "warehouse": ("run_query", "list_tables"),
    "calendar": ("find_slot", "book_meeting"),
}
"""The tools of each MCP server."""
_AGENTS = (
    Agent("triage-agent", 5, "graphwork", "a2a", "AZURE_FOUNDRY", ("tickets", "wiki")),
    Agent("invoice-agent", 2, "crewline", "a2a", "AMAZON_BEDROCK", ("warehouse",)),
    Agent("research-agent", 2.5, "graphwork", "http", "DATABRICKS", ("wiki", "warehouse")),
    Agent("meeting-agent", 1.5, "taskloop", "http", "GCP_VERTEX", ("calendar", "wiki")),
)
AGENTS = Choice([(agent, agent.weight) for agent in _AGENTS])
