"""What a browser sends and keeps, for tests that need none."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from tests.process import Meterd, plain_client

OWN_PAGE = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
QUESTION = {
    "startTs": "2026-11-01T00:00:00Z",
    "endTs": "2026-11-02T00:00:00Z",
    "datasource": "modelMetrics",
    "type": "distribution",
    "aggregations": [],
}
COOKIE = "meterd_session"


def sign_in(client: httpx2.Client, token: str, **fields: str) -> httpx2.Response:
    """Send the form of the sign-in page."""
    return client.post("/sign-in", data={"token": token, **fields}, headers=OWN_PAGE)


@contextmanager
def signed_in(meterd: Meterd, token: str = "") -> Iterator[httpx2.Client]:
    """A client with the cookie of a session, and no token."""
    with plain_client(url=meterd.url) as client:
        assert 303 == sign_in(client, token or meterd.token).status_code
        yield client


def boot(page: httpx2.Response) -> dict[str, object]:
    """Return what a page knows from the start."""
    found = re.search(r'<script type="application/json" id="boot">(.*?)</script>', page.text)
    assert found is not None
    data: dict[str, object] = json.loads(found[1])
    return data
