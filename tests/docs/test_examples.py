"""Every command, request and program in the README and in docs/ works, and prints what the page says it prints.

The blocks of a page are run in order, in one environment, against a server of the page's own. How to write them is in
docs/development.md, "Documentation is tested".
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.docs.markdown import PAGES, ROOT, Block, blocks
from tests.process import Meterd

ADDRESS = "http://127.0.0.1:8080"
NEEDED = ("bash", "curl", "gzip", "openssl")
RUN = ("bash", "python")

_SHELL = """
set -aeu -o pipefail
[ ! -e {state} ] || . {state}
cd {folder}
curl() {{ command curl --disable --silent --show-error {option} "$@"; }}
{script}
export -p > {state}
"""


class Example(NamedTuple):
    """A block to run, and the block that shows what it prints, if one does."""

    block: Block
    printed: Block | None


class Shell:
    """Runs blocks in a folder; variables that one block sets are there for the next."""

    def __init__(self, folder: Path, meterd: Meterd) -> None:
        self._folder = folder
        self._state = folder.parent / "state"
        self._url = meterd.url
        (folder / ".venv").symlink_to(sys.prefix)
        commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("METERD_")}
        own = {"METERD_TOKEN": meterd.token, "METERD_URL": meterd.url, "PATH": commands, "NO_PROXY": "127.0.0.1"}
        self._environment = inherited | own

    def run(self, block: Block, may_fail: bool) -> str:
        """Standard output of a block. An HTTP error fails it unless it `may_fail`."""
        text = block.text.replace(ADDRESS, self._url)
        if block.language == "python":
            program = self._folder.parent / "example.py"
            program.write_text(text, encoding="utf-8")
            text = f"{shlex.quote(sys.executable)} {shlex.quote(str(program))}"
        script = _SHELL.format(
            state=shlex.quote(str(self._state)),
            folder=shlex.quote(str(self._folder)),
            option="" if may_fail else "--fail-with-body",
            script=text,
        )
        done = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, timeout=60, env=self._environment, check=False
        )
        assert done.returncode == 0, f"{block.place} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout


def examples(page: Path) -> list[Example]:
    """The runnable blocks of a page, each with the `json` block that follows it under the same heading."""
    found = blocks(page)
    return [
        Example(block, next(iter(answers(found, number)), None))
        for number, block in enumerate(found)
        if block.language in RUN and not block.not_run
    ]


def answers(found: list[Block], number: int) -> list[Block]:
    """The block after the given one, if it shows what that one prints."""
    return [
        block
        for block in found[number + 1 : number + 2]
        if block.language == "json" and block.section == found[number].section
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_example_runs_and_prints_what_is_shown(page: Path, tmp_path: Path) -> None:
    missing = [program for program in NEEDED if not shutil.which(program)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    if not examples(page):
        return
    folder = tmp_path / "home"
    folder.mkdir()
    with Meterd(folder / "meterd-data") as meterd:
        shell = Shell(folder, meterd)
        for block, printed in examples(page):
            shown = values(printed.text) if printed else []
            output = shell.run(block, may_fail=any(is_error(value) for value in shown))
            if printed:
                assert differences(shown, values(output)) == [], f"{printed.place} shows something else:\n{output}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_shown_answer_belongs_to_an_example(page: Path) -> None:
    checked = {example.printed for example in examples(page)}
    assert [block.place for block in blocks(page) if block.language == "json" and block not in checked] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_says_what_it_is(page: Path) -> None:
    allowed = {*RUN, "json", "text", "ini", "yaml"}
    assert [block.place for block in blocks(page) if block.language not in allowed] == []


def values(text: str) -> list[Any]:
    """The JSON values in a text, one after the other."""
    decoder = json.JSONDecoder()
    found: list[Any] = []
    rest = text.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].lstrip()
    return found


def is_error(value: Any) -> bool:
    return isinstance(value, dict) and bool({"code", "statusCode"} & value.keys())


def differences(shown: Any, printed: Any, path: str = "$") -> list[str]:
    """Where two values differ; a text that ends in `…` stands for every text that begins like it."""
    if isinstance(shown, dict) and isinstance(printed, dict) and shown.keys() == printed.keys():
        return [each for key in shown for each in differences(shown[key], printed[key], f"{path}.{key}")]
    if isinstance(shown, list) and isinstance(printed, list) and len(shown) == len(printed):
        pairs = enumerate(zip(shown, printed, strict=True))
        return [each for number, pair in pairs for each in differences(*pair, f"{path}[{number}]")]
    if isinstance(shown, str) and isinstance(printed, str) and shown.endswith("…"):
        return [] if printed.startswith(shown[:-1]) else [path]
    return [] if type(shown) is type(printed) and shown == printed else [path]
