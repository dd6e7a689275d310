"""What nobody would send does no harm: no server error, no end, no stall, no memory that stays."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.attacks.conftest import SMALL
from tests.attacks.fuzzing import Fuzzer, Outcome, doors, faults, send
from tests.process import Meterd

KEPT = tuple(int(line) for line in Path(__file__).with_name("seeds.txt").read_text().split())
"""Numbers of requests that did harm once."""
LAST = range(1_239_000, 1_256_000)
"""What the campaign (`python -m bench fuzz`) sent in the last two of 30 minutes; each run of the tests repeats it."""


@pytest.fixture(scope="module")
def meterd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    with Meterd(tmp_path_factory.mktemp("fuzz"), limits=SMALL) as started:
        yield started


def test_damaged_requests_do_no_harm(meterd: Meterd) -> None:
    url = httpx2.URL(meterd.url)
    fuzzer = Fuzzer(doors(meterd.anonymous.get("/openapi.json").json()), meterd.token)

    def run(number: int) -> Outcome:
        return send(url.host, url.port or 80, number, fuzzer.request(number))

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(run, (*KEPT, *LAST)))

    assert [] == faults(outcomes)
    assert meterd.process.poll() is None
    assert meterd.client.get("/readyz").status_code == 200
    assert not re.search(rb"Traceback|request failed", meterd.log)
