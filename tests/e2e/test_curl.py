"""A user's first steps: what `meterd serve` prints on the first start is pasted into a shell and works."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.process import METRICS, OF_ONE_PROCESS, Meterd

pytestmark = [pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl"), OF_ONE_PROCESS]


class FirstStart(Meterd):
    """A server on a directory that has no token yet; `token` is the one that it printed."""

    def __init__(self, data: Path, config: Path | None = None) -> None:
        super().__init__(data, config=config)
        shutil.rmtree(data)

    def start(self) -> Self:
        super().start()
        (self.token,) = re.findall(r"export METERD_TOKEN=(\S+)", self.log.decode())
        return self


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    with FirstStart(tmp_path_factory.mktemp("first") / "data") as meterd:
        yield meterd


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A first start with a certificate that `meterd tls self-signed` made; it is not for the server's address."""
    folder = tmp_path_factory.mktemp("secure")
    key, certificate, config = folder / "tls.key", folder / "tls.crt", folder / "meterd.yaml"
    shell(folder, f"meterd tls self-signed --key {key} --certificate {certificate} --name metrics.example.com")
    config.write_text(f"{{metrics: {{}}, service: {{tls: {{key-path: {key}, certificate-path: {certificate}}}}}}}")
    with FirstStart(folder / "data", config) as meterd:
        yield meterd


def printed(meterd: Meterd, start: str) -> str:
    """The command that the server printed, from the line that begins with `start`."""
    (line,) = [line.strip() for line in meterd.log.decode().splitlines() if line.strip().startswith(start)]
    return line


def shell(folder: Path, *lines: str) -> str:
    """Run lines in bash as pasted; returns what they print. curl adds the answer's status, which a .curlrc asks for."""
    (folder / ".curlrc").write_text('silent\nshow-error\nwrite-out = "%{http_code}"\n')
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines)],
        env=os.environ | {"CURL_HOME": str(folder), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_printed_curl_command_records_an_event(first: Meterd, tmp_path: Path) -> None:
    assert shell(tmp_path, printed(first, "export METERD_TOKEN="), printed(first, "curl ")) == "200"
    question = (
        '{"datasource": "aiGuardMetrics", "type": "distribution", "startTs": "1970-01-01T00:00:00Z", '
        '"endTs": "2100-01-01T00:00:00Z", "groupBy": ["agent"], "aggregations": [{"type": "sum", "column": "value"}]}'
    )
    ask = f"curl {first.url}{METRICS}/query -H \"Authorization: Bearer $METERD_TOKEN\" -d '{question}'"
    answer = shell(tmp_path, printed(first, "export METERD_TOKEN="), ask)
    assert answer == '{"data":{"dataPoints":[{"total":1,"agent":"demo","sumValue":120}]}}200'


def test_the_printed_curl_command_works_with_a_certificate_that_nobody_vouches_for(
    secure: Meterd, tmp_path: Path
) -> None:
    assert printed(secure, "curl ").startswith("curl -k --pinnedpubkey sha256//")
    assert shell(tmp_path, printed(secure, "export METERD_TOKEN="), printed(secure, "curl ")) == "200"


def test_the_printed_curl_command_trusts_no_other_key(secure: Meterd, tmp_path: Path) -> None:
    command = re.sub("sha256//[^ ]+", f"sha256//{'A' * 43}=", printed(secure, "curl "))
    does_not_match = 90
    assert shell(tmp_path, f"{command} || echo ' ended with' $?") == f"000 ended with {does_not_match}\n"


def test_the_printed_page_of_the_api_is_there(first: Meterd, tmp_path: Path) -> None:
    page = printed(first, "API: ").removeprefix("API: ")
    assert shell(tmp_path, f"curl {page}").endswith("200")
    assert shell(tmp_path, f"curl {first.url}/openapi.json").endswith("200")


def test_the_printed_token_command_makes_a_token_that_works_at_once(first: Meterd, tmp_path: Path) -> None:
    command = printed(first, "Tokens for others: ").removeprefix("Tokens for others: ")
    sent = printed(first, "curl ")
    assert shell(tmp_path, f"export METERD_TOKEN=$({command})", sent) == "200"


def test_a_second_start_prints_no_token(first: Meterd, tmp_path: Path) -> None:
    with Meterd(tmp_path) as again:
        assert "token" not in again.log.decode()


def test_without_the_token_the_command_is_refused_with_a_reason(first: Meterd, tmp_path: Path) -> None:
    answer = shell(tmp_path, "unset METERD_TOKEN", printed(first, "curl "))
    assert answer == '{"code":401,"message":"Invalid or missing bearer token"}401'
