"""Who attacks whom: two tenants of a server with little memory, and a look at whether it still lives well."""

import resource
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from meterd.access import Scope
from tests.process import Meterd, make_token, plain_client

SMALL = {resource.RLIMIT_AS: 2**30}
"""The limit of an attacked process: 1 GB of address space. What it can't hold it has to refuse."""
MOST_GROWTH = 400 * 2**20
"""Bytes that one attack may add to the resident memory, at its height."""


class Party:
    """A subject of a tenant of its own; `admin` sees the whole tenant."""

    def __init__(
        self,
        server: Meterd,
        *,
        admin: bool = False,
        scopes: tuple[Scope, ...] = (Scope.INGEST, Scope.QUERY),
        tenant: str = "",
    ) -> None:
        self.tenant = tenant or uuid.uuid4().hex
        self.name = f"u-{uuid.uuid4().hex[:8]}"
        self.token = make_token(server.data, self.name, tenant=self.tenant, tenant_admin=admin, scopes=scopes).token
        self._url = server.url

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> httpx2.Response:
        with plain_client(self.token or "") as client:
            return client.request(method, f"{self._url}{path}", headers=headers, **options)


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """The server that is attacked."""
    with Meterd(tmp_path_factory.mktemp("attacked"), limits=SMALL) as meterd:
        yield meterd


@pytest.fixture
def victim(shared: Meterd) -> Party:
    return Party(shared, admin=True)


@pytest.fixture
def attacker(shared: Meterd) -> Party:
    """An administrator of another tenant: whatever is refused is refused to more than an ordinary user."""
    return Party(shared, admin=True)


@pytest.fixture(autouse=True)
def survived(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each attack the shared server is the same process, answers, works, and has not grown much."""
    if "shared" not in request.fixturenames:
        yield
        return
    server: Meterd = request.getfixturevalue("shared")
    process = Path("/proc") / str(server.process.pid)
    (process / "clear_refs").write_text("5")  # the height of the resident memory is measured from now on
    before = _resident(process, "VmRSS")
    yield
    assert server.process.poll() is None
    assert {200} == {server.client.get(path).status_code for path in ("/healthz", "/readyz")}
    assert _resident(process, "VmHWM") - before < MOST_GROWTH


def _resident(process: Path, name: str) -> int:
    """Bytes."""
    lines = (process / "status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
