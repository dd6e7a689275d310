"""The published AI Guard SDK, unmodified, over TLS with an authority, with a pin, and without TLS
(`docs/specifications/ai-guard.md` sections 8 and 12)."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from ai_guard import AIGuardClient
from ai_guard.api import AIPlatform, MetricsEvent, MetricsEventMeter

from tests.certificates import self_signed
from tests.process import Meterd, run_command

KEYS = {"RSA": ["rsa:2048"], "EC": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "Ed25519": ["ed25519"]}


class Guard(Meterd):
    """meterd with TLS at one port and without at another, as AI Guard's settings file has it."""

    def __init__(self, folder: Path) -> None:
        self.key, self.certificate = folder / "tls.key", folder / "tls.crt"
        renew(self.key, self.certificate)
        config = folder / "config.yaml"
        config.write_text(f"""
service:
  tls:
    key-path: {self.key}
    certificate-path: {self.certificate}
metrics: {{}}
""")
        super().__init__(folder / "data", config=config)
        self._arguments += ["--listen", "http://127.0.0.1:0"]

    @property
    def announced(self) -> list[str]:
        """What follows `meterd ready on` and `meterd TLS pin`: an address with TLS, one without, the pin."""
        lines = self.log.decode().splitlines()
        return [line.split()[-1] for line in lines if line.startswith(("meterd ready on ", "meterd TLS pin "))]

    @property
    def secure(self) -> str:
        return self.announced[0]

    @property
    def pin(self) -> str:
        return self.announced[2]

    def connect(self, url: str, pin: str | None = None) -> AIGuardClient:
        """A client as a user makes it."""
        return AIGuardClient(url, self.token, "over-tls", AIPlatform.DATABRICKS, pin_sha256=pin)

    def counted(self) -> int:
        points = self.points(datasource="aiGuardMetrics", groupBy=["agent"])
        return sum(int(point["total"]) for point in points)


def tls(*arguments: str | Path) -> str:
    """What `meterd tls` prints."""
    ended = run_command("tls", *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def renew(key: Path, certificate: Path) -> None:
    tls("self-signed", "--key", key, "--certificate", certificate)


def pin_of(certificate: Path) -> str:
    return tls("pin", certificate)


def event() -> MetricsEvent:
    return MetricsEvent(attributes={}, meter=MetricsEventMeter(name="ai_guard.agent", value="7"))


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one of these the SDK's HTTP library verifies chains even when a key is pinned."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    with Guard(tmp_path_factory.mktemp("guard")) as guard:
        yield guard


@pytest.fixture
def own(guard: Guard, tmp_path: Path) -> Iterator[Guard]:
    """The guard, whose files a test may change."""
    kept = [(path, tmp_path / path.name) for path in (guard.key, guard.certificate)]
    for path, copy in kept:
        shutil.copy2(path, copy)
    yield guard
    for path, copy in kept:
        shutil.copy2(copy, path)


def test_an_event_arrives_with_the_pin_that_the_start_announced(guard: Guard) -> None:
    before = guard.counted()
    guard.connect(guard.secure, guard.pin).metric(event())
    assert before + 1 == guard.counted()


def test_an_event_arrives_with_the_certificate_as_authority(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(guard.certificate))
    before = guard.counted()
    guard.connect(guard.secure).metric(event())
    assert before + 1 == guard.counted()


def test_an_event_arrives_without_tls(guard: Guard) -> None:
    before = guard.counted()
    guard.connect(guard.url).metric(event())
    assert before + 1 == guard.counted()


def test_four_threads_with_a_pin_are_counted_exactly(guard: Guard) -> None:
    client, before = guard.connect(guard.secure, guard.pin), guard.counted()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(client.metric, [event() for _ in range(100)]))
    assert before + 100 == guard.counted()


def test_nobody_trusts_the_certificate_without_pin_and_authority(guard: Guard) -> None:
    with pytest.raises(requests.exceptions.SSLError, match="self-signed certificate"):
        guard.connect(guard.secure).metric(event())


def test_another_pin_is_refused_before_anything_is_sent(guard: Guard) -> None:
    before = guard.counted()
    with pytest.raises(requests.exceptions.SSLError, match="does not match trusted key"):
        guard.connect(guard.secure, "A" * 43 + "=").metric(event())
    assert before == guard.counted()


def test_the_pin_outlives_a_renewal_while_the_server_runs(own: Guard) -> None:
    pin, old = own.pin, own.certificate.read_bytes()
    renew(own.key, own.certificate)
    assert old != own.certificate.read_bytes()
    own.connect(own.secure, pin).metric(event())
    assert pin == pin_of(own.certificate)


def test_a_new_key_needs_a_new_pin(own: Guard) -> None:
    own.key.unlink()
    own.certificate.unlink()
    renew(own.key, own.certificate)
    with pytest.raises(requests.exceptions.SSLError, match="does not match trusted key"):
        own.connect(own.secure, own.pin).metric(event())
    own.connect(own.secure, pin_of(own.certificate)).metric(event())


@pytest.mark.parametrize("kind", KEYS.values(), ids=KEYS)
def test_keys_of_every_kind_can_be_pinned(own: Guard, kind: list[str]) -> None:
    self_signed(own.certificate, own.key, kind=tuple(kind))
    own.connect(own.secure, pin_of(own.certificate)).metric(event())
