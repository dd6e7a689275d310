"""Dialects, as the engine takes them."""

import subprocess
import sys

FRESH = """
from sqlglot import Dialect
from meterd.query.dialects import DIALECTS, ready_dialect
for name in DIALECTS:
    ready_dialect(name)
    assert name in Dialect.classes, name
"""


def test_a_dialect_is_whole_before_threads_generate_with_it() -> None:
    """What sqlglot loads at the first query is half there for a second one at the same time, which then fails."""
    subprocess.run([sys.executable, "-c", FRESH], check=True, timeout=60)
