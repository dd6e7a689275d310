"""Values of members of rows that several datasources have."""

from tests.datasources.values import Values, floats, integers, none, sampled_from, subsets, text

TEXTS = [
    "pii",
    "PII",
    "pii-detector",
    "a/b",
    "",
    " ",
    "é",
    "\u65e5",
    "😀",
    "\x00",
    "a\nb",
    "'",
    '"',
    "\\",
    "%",
    "_",
    "$1",
    "{}",
    "null",
    "\u2028",
    "\ufeff",
]
SUBJECTS = ["ann@x.io", "bob@x.io", "ci"]
TEAMS = ["red", "blue", "everyone", "é'"]
METADATA_KEYS = ["env", "a.b", "", "é\"'"]
texts = sampled_from(TEXTS[:2]) | sampled_from(TEXTS[:3]) | sampled_from(TEXTS) | text(4)
latencies = sampled_from([0.0, -0.0, 0.5, 1.0, 250.0, 1e6]) | floats(0, 1e6)
numbers = sampled_from([0, 1, 5, 250, 2**53, 2**63, 2**64 - 1]) | integers(0, 2**64 - 1)

TAGS = ["endpoint:/x", "endpoint:/y", "endpoint:", "endpoint", "a:b:c", "plain", "é"]
tags = subsets(TAGS, 3)

codes = sampled_from([200, 200, 400, 429, 500, 0, -1, 2**63 - 1])
tokens = none() | sampled_from([0, 1, 2, 1000, 2**53 + 1]) | integers(0, 10**6)
durations = none() | latencies


def text_members(*names: str) -> dict[str, Values]:
    return dict.fromkeys(names, texts | texts | none())
