"""Values of members of rows, as Hypothesis draws them."""

from typing import Any

from hypothesis import strategies as st

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
texts = st.sampled_from(TEXTS[:2]) | st.sampled_from(TEXTS[:3]) | st.sampled_from(TEXTS) | st.text(max_size=4)
latencies = st.sampled_from([0.0, -0.0, 0.5, 1.0, 250.0, 1e6]) | st.floats(0, 1e6, allow_subnormal=False)
numbers = st.sampled_from([0, 1, 5, 250, 2**53, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)

TAGS = ["endpoint:/x", "endpoint:/y", "endpoint:", "endpoint", "a:b:c", "plain", "é"]
tags = st.lists(st.sampled_from(TAGS), unique=True, max_size=3)

codes = st.sampled_from([200, 200, 400, 429, 500, 0, -1, 2**63 - 1])
tokens = st.none() | st.sampled_from([0, 1, 2, 1000, 2**53 + 1]) | st.integers(0, 10**6)
durations = st.none() | latencies


def text_members(*names: str) -> dict[str, st.SearchStrategy[Any]]:
    return dict.fromkeys(names, texts | texts | st.none())
