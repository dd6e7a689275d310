import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import meterd
from meterd.failpoints import COMMANDS, DRAINING, NAMES, START, START_IN_LOOP, Injected, arm, reach

PROGRAM = """
from meterd.failpoints import reach
for number in range(1, 4):
    print(number, flush=True)
    reach("before-trim")
    reach("in-checkpoint")
"""


def run(fail_point: str | None) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if name != "METERD_FAIL_POINT"}
    if fail_point is not None:
        environment["METERD_FAIL_POINT"] = fail_point
    ended = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60)
    assert not ended.stderr
    return ended.returncode, ended.stdout.replace("\n", "")


@pytest.mark.parametrize(
    ("fail_point", "visits"), [("before-trim", "1"), ("before-trim:1", "1"), ("in-checkpoint:3", "123")]
)
def test_kills_the_process_at_the_named_visit(fail_point: str, visits: str) -> None:
    assert (-signal.SIGKILL, visits) == run(fail_point)


@pytest.mark.parametrize("fail_point", [None, "", "after-store-commit", "before-trim:4"])
def test_does_nothing_otherwise(fail_point: str | None) -> None:
    assert run(fail_point) == (0, "123")


def test_raises_once_at_the_named_visit_when_it_shall() -> None:
    arm("before-trim:2:raise")
    try:
        reach("before-trim")
        with pytest.raises(Injected, match="before-trim"):
            reach("before-trim")
        reach("before-trim")
    finally:
        arm("")


def test_raises_at_every_visit_from_the_named_one_on_when_it_shall() -> None:
    arm("before-trim:2:fail")
    try:
        reach("before-trim")
        for _ in range(3):
            with pytest.raises(Injected, match="before-trim"):
                reach("before-trim")
    finally:
        arm("")


def test_every_declared_name_is_a_place_in_the_source() -> None:
    source = Path(meterd.__file__).parent
    places = re.findall(r'\breach\("([^"]+)"\)', "".join(path.read_text() for path in sorted(source.rglob("*.py"))))

    assert sorted([*NAMES, *START, *START_IN_LOOP, *COMMANDS, *DRAINING]) == sorted(
        set(places)
    )  # engines have some in common
