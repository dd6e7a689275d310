"""`/assets/…` over HTTP."""

import gzip
import re
from pathlib import Path

import pytest

from meterd.web.assets import FOLDERS, Assets
from tests.process import Meterd


@pytest.fixture(scope="module")
def root() -> str:
    return Assets(*FOLDERS).address("")


def test_a_file_is_kept_for_ever_and_asked_for_once(shared: Meterd, root: str) -> None:
    whole = shared.anonymous.get(f"{root}icon.svg", headers={"Accept-Encoding": "identity"})
    again = shared.anonymous.get(f"{root}icon.svg", headers={"If-None-Match": whole.headers["etag"]})

    assert ("image/svg+xml", "public, max-age=31536000, immutable") == (
        whole.headers["content-type"],
        whole.headers["cache-control"],
    )
    assert (FOLDERS[0] / "icon.svg").read_bytes() == whole.content
    assert (304, b"", whole.headers["etag"]) == (again.status_code, again.content, again.headers["etag"])


def test_texts_are_compressed_for_those_who_read_that(shared: Meterd, root: str) -> None:
    with shared.anonymous.stream("GET", f"{root}echarts.min.js", headers={"Accept-Encoding": "gzip"}) as response:
        sent = b"".join(response.iter_raw())

    assert ("gzip", "text/javascript; charset=utf-8", "accept-encoding") == tuple(
        response.headers[name] for name in ("content-encoding", "content-type", "vary")
    )
    assert len(sent) < 400_000
    assert (FOLDERS[1] / "echarts.min.js").read_bytes() == gzip.decompress(sent)
    assert (FOLDERS[1] / "echarts.min.js.gz").read_bytes() == sent  # by the build, not when somebody asks


@pytest.mark.parametrize(
    "name",
    [
        "LICENSE",
        "assets.py",
        "../assets.py",
        "..%2fassets.py",
        "%2e%2e/__init__.py",
        "/etc/passwd",
        "icon.svg/",
        ".",
        "",
    ],
)
def test_nothing_is_served_but_what_is_listed(shared: Meterd, root: str, name: str) -> None:
    answer = shared.anonymous.get(f"{root}{name}")

    assert 404 == answer.status_code or answer.content == (FOLDERS[0] / "icon.svg").read_bytes()


def test_files_of_another_version_are_not_there(shared: Meterd, root: str) -> None:
    assert re.fullmatch(r"/assets/[0-9a-f]{16}/", root)
    assert 404 == shared.anonymous.get("/assets/0000000000000000/icon.svg").status_code


def test_the_address_changes_with_each_file(tmp_path: Path) -> None:
    addresses = set()
    for name, content in [("a.js", "1"), ("a.js", "2"), ("b.js", "2"), ("c.txt", "left out")]:
        (tmp_path / name).write_text(content)
        addresses.add(Assets(tmp_path).hash)

    assert 3 == len(addresses)


def test_a_module_is_known_with_all_that_it_imports_each_once(tmp_path: Path) -> None:
    modules = {
        "page.js": 'import { a } from "./one.js";\nimport {\n  b,\n  c,\n} from "./two.js";\nimport "./three.js";\n',
        "one.js": 'export * from "./three.js";\nexport { d } from "./three.js";\n',
        "two.js": 'import { a } from "./one.js";\nexport const text = \'import { x } from "./no.js"\';\n',
        "three.js": 'import { p } from "./page.js";\n',
    }
    for name, content in modules.items():
        (tmp_path / name).write_text(content)
    assets = Assets(tmp_path)

    assert ("one.js", "two.js", "three.js") == assets.imported("page.js")
    assert () == Assets(*FOLDERS).imported("dom.js")
