"""Where gRPC listens, whom it lets in, and how it ends."""

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from meterd.commands.serve import grpc_listeners
from meterd.errors import ConfigurationError
from meterd.settings import Listener, load
from tests.api.otlp.exports import PROTOBUF, chat, encoded, traces
from tests.certificates import self_signed
from tests.grpc_exports import SECONDS, grpc_client
from tests.process import Meterd

FREE = {"METERD_OTLP__GRPC__LISTEN": "127.0.0.1:0"}
SPANS = [chat() for _ in range(30)]


def message(first: int, last: int) -> bytes:
    return encoded(traces(*SPANS[first:last]), PROTOBUF)


def test_what_was_acknowledged_survives_a_kill_and_is_stored_once(tmp_path: Path) -> None:
    server = Meterd(tmp_path, environment=FREE).start()
    with grpc_client(server) as client:
        client.send(message(0, 20))
    server.kill()
    with server, grpc_client(server) as client:
        client.send(message(10, 30))

        assert server.points(datasource="modelMetrics") == [{"total": 30}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificate is."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def secure(folder: Path) -> Iterator[Meterd]:
    renew(folder)
    settings = {
        "METERD_SERVICE__TLS__KEY_PATH": str(folder / "key"),
        "METERD_SERVICE__TLS__CERTIFICATE_PATH": str(folder / "certificate"),
    }
    with Meterd(folder / "data", "--listen", "http://127.0.0.1:0", environment=settings | FREE) as meterd:
        yield meterd


def renew(folder: Path) -> None:
    self_signed(folder / "certificate", folder / "key", alternative="IP:127.0.0.1")


def trusting(folder: Path) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials((folder / "certificate").read_bytes())


class TestTls:
    def test_is_on_when_the_service_has_a_certificate(self, secure: Meterd, folder: Path) -> None:
        assert secure.grpc.startswith("https://")
        with grpc_client(secure, credentials=trusting(folder)) as client:
            assert client.send(message(0, 1)) == b""
        with grpc_client(secure) as plain:
            assert plain.refusal(message(0, 1)).code() == grpc.StatusCode.UNAVAILABLE

    def test_a_renewed_certificate_is_served_without_a_restart(self, secure: Meterd, folder: Path) -> None:
        before = trusting(folder)
        renew(folder)
        with grpc_client(secure, credentials=trusting(folder)) as client:
            assert client.send(message(1, 2)) == b""
        with grpc_client(secure, credentials=before) as client:
            assert client.refusal(message(2, 3)).code() == grpc.StatusCode.UNAVAILABLE

    def test_files_that_can_not_be_used_leave_the_certificate_before(self, secure: Meterd, folder: Path) -> None:
        trusted = trusting(folder)
        (folder / "certificate").write_text("no certificate")
        with grpc_client(secure, credentials=trusted) as client:
            assert client.send(message(3, 4)) == b""
        (folder / "certificate").unlink()
        with grpc_client(secure, credentials=trusted) as client:
            assert client.send(message(4, 5)) == b""
        renew(folder)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server for three connections."""
    settings = {"METERD_OTLP__GRPC__CONNECTIONS": "3"}
    with Meterd(tmp_path_factory.mktemp("narrow"), environment=FREE | settings) as meterd:
        yield meterd


def connected(meterd: Meterd) -> socket.socket:
    host, _, port = meterd.grpc.rpartition("//")[2].partition(":")
    return socket.create_connection((host, int(port)), timeout=SECONDS)


def is_served(connection: socket.socket) -> bool:
    """Whether the server begins HTTP/2, rather than closing the connection."""
    try:
        return bool(connection.recv(9))
    except ConnectionResetError:
        return False


def until_shown(meterd: Meterd, line: str) -> None:
    """Wait until the metrics have a line."""
    deadline = time.monotonic() + SECONDS
    while line not in meterd.client.get("/metrics").text.splitlines():
        assert time.monotonic() < deadline, line


def test_connections_beyond_the_limit_are_closed_and_their_places_come_back(narrow: Meterd) -> None:
    connections = [connected(narrow) for _ in range(6)]
    served = [is_served(each) for each in connections]
    for each in connections:
        each.close()

    assert served.count(True) == 3
    assert "meterd_grpc_connections_limit 3.0" in narrow.client.get("/metrics").text
    with grpc_client(narrow) as client:
        assert client.send(message(0, 1), wait_for_ready=True) == b""


def test_a_client_that_goes_while_it_sends_is_recorded_as_gone(narrow: Meterd) -> None:
    with grpc_client(narrow) as client:
        call = client.begin()
        until_shown(narrow, "meterd_grpc_exports 1.0")
        call.cancel()
        until_shown(narrow, 'meterd_http_requests_total{method="POST",route="/v1/traces",status="499"} 1.0')


def test_whenever_a_client_goes_its_call_is_no_failure(narrow: Meterd) -> None:
    with grpc_client(narrow) as client:
        for _ in range(40):
            client.begin().cancel()
        assert client.send(message(1, 2)) == b""
    until_shown(narrow, "meterd_grpc_exports 0.0")
    counted = re.findall(r'route="/v1/traces",status="(\d+)"', narrow.client.get("/metrics").text)
    assert {"200"} <= set(counted) <= {"200", "499"}


def test_a_graceful_stop_answers_what_is_under_way(tmp_path: Path) -> None:
    settings = {"METERD_SERVICE__TIMEOUT": "1"}
    server = Meterd(tmp_path, environment=FREE | settings).start()
    with grpc_client(server) as client:
        call = client.begin()
        until_shown(server, "meterd_grpc_exports 1.0")

        assert server.stop() == 0
        assert "service.timeout" in call.exception(SECONDS).details()


class TestListening:
    @pytest.mark.parametrize(
        ("listen", "expected"),
        [
            ("auto", [Listener("127.0.0.1", 4317, tls=False)]),
            ("off", []),
            ("0.0.0.0:0", [Listener("0.0.0.0", 0, tls=False)]),
            ("[::1]:4319", [Listener("::1", 4319, tls=False)]),
            (["127.0.0.1:1", 4318], [Listener("127.0.0.1", 1, tls=False), Listener("0.0.0.0", 4318, tls=False)]),
        ],
    )
    def test_is_what_the_settings_say(self, listen: object, expected: list[Listener]) -> None:
        settings = load(None, {}, {"otlp.grpc.listen": listen})

        assert list(settings.otlp.grpc.listeners(settings.service)) == expected

    def test_off_needs_no_quotes(self, tmp_path: Path) -> None:
        (tmp_path / "meterd.yaml").write_text("otlp: {grpc: {listen: off}}")
        settings = load(tmp_path / "meterd.yaml", {})

        assert settings.otlp.grpc.listeners(settings.service) == ()

    @pytest.mark.parametrize("listen", ["on", "nowhere", "127.0.0.1", "127.0.0.1:70000", "https://127.0.0.1:4317"])
    def test_anything_else_is_refused(self, tmp_path: Path, listen: str) -> None:
        (tmp_path / "meterd.yaml").write_text(f"otlp: {{grpc: {{listen: {listen}}}}}")
        settings = load(tmp_path / "meterd.yaml", {})

        with pytest.raises(ConfigurationError, match=r"^otlp\.grpc\.listen"):
            settings.otlp.grpc.listeners(settings.service)

    def test_by_itself_it_is_where_http_is_and_at_any_port_beside_any_port(self) -> None:
        settings = load(None, {}, {"service.listen": ["http://127.0.0.5:0", "127.0.0.6:80"]})

        assert settings.otlp.grpc.listeners(settings.service) == (Listener("127.0.0.5", 0, tls=False),)

    def test_a_port_that_is_taken_stops_the_start_when_it_was_asked_for(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            settings = load(None, {"METERD_OTLP__GRPC__LISTEN": address})

            with pytest.raises(ConfigurationError, match=rf"^otlp\.grpc\.listen: can't listen on {address}: Address"):
                grpc_listeners(settings, None)

    def test_a_port_that_is_taken_is_a_warning_when_nobody_asked_for_it(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings = load(None, {}, {"service.listen": "127.0.0.77:8080"})
        assert [each.port for each in grpc_listeners(settings, None)] == [4317]
        with socket.create_server(("127.0.0.77", 4317)):
            assert grpc_listeners(settings, None) == []

        captured = capsys.readouterr()
        assert "OTLP over gRPC is off (otlp.grpc.listen)" in captured.out + captured.err
