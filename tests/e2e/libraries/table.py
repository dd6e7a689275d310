"""The table of docs/sources.md: libraries that were tried, and what arrives of them.

`python -m tests.e2e.libraries.table` runs every program and prints the table, if all arrives that the cases say. Their
environments are made by `make .venv/libraries/.ready .venv/agents/.ready .venv/node/.ready`.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.e2e.libraries.cases import CASES, HERE, OUTSIDE, ROOT, Case
from tests.e2e.libraries.running import GRPC, arrived_as_done, run
from tests.process import Meterd

_HEAD = ("library", "traced by", "model calls", "embeddings", "agents", "MCP tools", "tokens")


def table(cases: Iterable[Case] = (*CASES, *OUTSIDE)) -> list[str]:
    """Return the lines of the table, with the versions that are pinned."""
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_row, cases)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _row(case: Case) -> tuple[str, ...]:
    library, tracer = (f"`{each}` {version(case, each)}" for each in (case.library, case.tracer))
    counts = (str(count or "") for count in (case.calls, case.embeddings, case.agents, case.tools))
    tokens = "" if case.tools else "and cached ones" if case.sees_cached else "without cached ones"
    return library, "itself" if case.tracer == case.library else tracer, *counts, tokens


def version(case: Case, distribution: str) -> str:
    """Return the version of a distribution that is pinned for a case."""
    if case.environment == "node":
        pinned: str = json.loads((HERE / "node" / "package.json").read_text())["dependencies"][distribution]
        return pinned
    pins = (ROOT / "requirements" / f"{case.environment}.txt").read_text()
    found = re.search(rf"^{re.escape(distribution)}==(\S+)", pins, re.MULTILINE)
    assert found, f"{distribution} is not pinned"
    return found[1]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Meterd(Path(folder), environment=GRPC) as meterd:
        missing = [case.label for case in (*CASES, *OUTSIDE) if not arrived_as_done(case, run(case, meterd))]
    sys.exit(f"not all of it arrives: {missing}") if missing else sys.stdout.write("\n".join(table()) + "\n")


if __name__ == "__main__":
    main()
