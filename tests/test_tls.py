"""Keys, certificates, pins and listeners (`docs/specifications/ai-guard.md` sections 8 and 9)."""

import base64
import contextlib
import hashlib
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from structlog.testing import capture_logs

from meterd.errors import ConfigurationError
from meterd.settings import Listener, Tls, load
from meterd.tls import ServedCertificate, make_self_signed, names_of, pin, read_certificate
from tests.certificates import self_signed
from tests.process import Meterd, run_command

KEYS = {
    "RSA": ["rsa:2048"],
    "EC": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "Ed25519": ["ed25519"],
}


def meterd(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return run_command(*arguments)


def make_with_openssl(folder: Path, kind: list[str]) -> Tls:
    """A key of some kind and a certificate, as an operator's own tools make them."""
    key, certificate = folder / "tls.key", folder / "tls.crt"
    self_signed(certificate, key, kind=tuple(kind))
    return Tls(key_path=str(key), certificate_path=str(certificate))


def handshake(server: ssl.SSLContext, client: ssl.SSLContext | None = None) -> x509.Certificate:
    """The certificate that a client is shown; there is no network between the two."""
    if client is None:
        client = ssl.create_default_context()
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(back, there, server_hostname="localhost"), server.wrap_bio(there, back, server_side=True)]
    for _ in range(3):
        for end in ends:
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
    shown = ends[0].getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown)


@pytest.fixture
def files(tmp_path: Path) -> Tls:
    """Where a key and a certificate are, made by meterd."""
    tls = Tls(key_path=str(tmp_path / "tls.key"), certificate_path=str(tmp_path / "tls.crt"))
    renew(tls)
    return tls


def renew(tls: Tls, *names: str, days: int = 30) -> x509.Certificate:
    return make_self_signed(Path(tls.key_path), Path(tls.certificate_path), names, days)


class TestPin:
    @pytest.mark.parametrize("kind", KEYS.values(), ids=KEYS)
    def test_is_the_digest_of_the_public_key_that_openssl_has(self, tmp_path: Path, kind: list[str]) -> None:
        tls = make_with_openssl(tmp_path, kind)
        public = subprocess.run(
            ["openssl", "pkey", "-in", tls.key_path, "-pubout", "-outform", "der"], check=True, capture_output=True
        ).stdout

        expected = base64.b64encode(hashlib.sha256(public).digest()).decode()
        assert 44 == len(expected)
        assert expected == pin(read_certificate(Path(tls.certificate_path)))

    def test_of_a_chain_is_that_of_its_first_certificate(self, files: Tls, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        other = make_with_openssl(tmp_path / "other", KEYS["EC"])
        chain = tmp_path / "chain.pem"
        chain.write_bytes(Path(files.certificate_path).read_bytes() + Path(other.certificate_path).read_bytes())

        assert pin(read_certificate(Path(files.certificate_path))) == pin(read_certificate(chain))

    def test_is_printed_for_a_file_and_for_the_settings(self, files: Tls, tmp_path: Path) -> None:
        config = tmp_path / "meterd.yaml"
        config.write_text(f"service: {{tls: {{certificate-path: {files.certificate_path}}}}}")
        expected = f"{pin(read_certificate(Path(files.certificate_path)))}\n"

        assert expected == meterd("tls", "pin", files.certificate_path).stdout
        assert expected == meterd("tls", "pin", "--config", config).stdout

    def test_of_settings_without_tls_is_refused(self, tmp_path: Path) -> None:
        config = tmp_path / "meterd.yaml"
        config.write_text("metrics: {}")

        assert "service.tls" in meterd("tls", "pin", "--config", config).stderr

    @pytest.mark.parametrize("content", [None, "", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
    def test_of_what_is_no_certificate_is_refused_in_one_sentence(self, tmp_path: Path, content: str | None) -> None:
        file = tmp_path / "tls.crt"
        if content is not None:
            file.write_text(content)

        ended = meterd("tls", "pin", file)
        assert 1 == ended.returncode
        assert re.fullmatch(rf"meterd: can't use {file}: [^\n]+\n", ended.stderr)


class TestSelfSigned:
    def test_is_for_this_machine_by_default(self, files: Tls) -> None:
        made = read_certificate(Path(files.certificate_path))

        assert ["localhost", "127.0.0.1", "::1"] == names_of(made)
        assert made.not_valid_before_utc < datetime.now(UTC) < made.not_valid_after_utc

    def test_is_for_the_names_and_the_time_asked_for(self, files: Tls) -> None:
        made = renew(files, "guard.example", "10.0.0.1", days=90)

        assert ["guard.example", "10.0.0.1"] == names_of(made)
        assert timedelta(days=89) < made.not_valid_after_utc - datetime.now(UTC) <= timedelta(days=90)

    def test_hides_the_key_and_shows_the_certificate(self, files: Tls) -> None:
        assert 0o600 == Path(files.key_path).stat().st_mode & 0o777
        assert 0o644 == Path(files.certificate_path).stat().st_mode & 0o777

    def test_verifies_for_a_client_that_names_it_as_authority(self, files: Tls) -> None:
        client = ssl.create_default_context(cafile=files.certificate_path)
        client.verify_flags |= ssl.VERIFY_X509_STRICT

        assert "localhost" in names_of(handshake(ServedCertificate(files).context, client))

    def test_renewed_keeps_key_pin_and_names(self, files: Tls) -> None:
        before, key = renew(files, "guard.example"), Path(files.key_path).read_bytes()

        after = renew(files)
        assert key == Path(files.key_path).read_bytes()
        assert pin(before) == pin(after)
        assert ["guard.example"] == names_of(after)
        assert before.serial_number != after.serial_number

    @pytest.mark.parametrize("kind", KEYS.values(), ids=KEYS)
    def test_takes_a_key_of_any_kind_that_is_there(self, tmp_path: Path, kind: list[str]) -> None:
        tls = make_with_openssl(tmp_path, kind)
        before = read_certificate(Path(tls.certificate_path))

        assert pin(before) == pin(renew(tls))
        assert "localhost" in names_of(handshake(ServedCertificate(tls).context))

    def test_never_replaces_one_that_somebody_issued(self, files: Tls) -> None:
        issued = issue(files)

        with pytest.raises(ConfigurationError, match="was issued by CN=authority"):
            renew(files)
        assert issued == Path(files.certificate_path).read_bytes()

    def test_makes_no_new_key_for_a_certificate_that_is_there(self, files: Tls) -> None:
        Path(files.key_path).unlink()

        with pytest.raises(ConfigurationError, match="a new key has a new pin"):
            renew(files)
        assert not Path(files.key_path).exists()

    @pytest.mark.parametrize("name", ["", "a b", "é.example", "a\n"])
    def test_is_for_no_name_that_is_none(self, files: Tls, name: str) -> None:
        with pytest.raises(ConfigurationError, match="--name must be"):
            renew(files, name)

    @pytest.mark.parametrize(
        "command",
        [
            ["genpkey", "-algorithm", "x25519"],
            ["genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:secret"],
            ["rand", "-hex", "20"],
        ],
        ids=["no key to sign with", "a password", "no key"],
    )
    def test_of_a_key_that_can_not_be_used_is_refused(self, tmp_path: Path, command: list[str]) -> None:
        key = tmp_path / "tls.key"
        key.write_bytes(subprocess.run(["openssl", *command], check=True, capture_output=True).stdout)

        with pytest.raises(ConfigurationError, match=f"can't use {key}: it holds no RSA, EC or Ed25519 key"):
            make_self_signed(key, tmp_path / "tls.crt", (), 1)

    def test_is_made_and_renewed_by_command(self, tmp_path: Path) -> None:
        options: list[str | Path] = ["--key", tmp_path / "a.key", "--certificate", tmp_path / "a.crt"]
        made = meterd("tls", "self-signed", *options, "--name", "guard.example", "--days", "20").stdout
        renewed = meterd("tls", "self-signed", *options).stdout

        assert "is for guard.example until" in made
        assert "is for guard.example until" in renewed
        expected = f"pin {pin(read_certificate(tmp_path / 'a.crt'))}"
        assert [expected, expected] == [made.splitlines()[1], renewed.splitlines()[1]]


def issue(tls: Tls) -> bytes:
    """Put a certificate of another issuer in the place of a self-signed one."""
    key = Path(tls.key_path)
    request = key.with_name("request.pem")
    authority = key.with_name("authority")
    authority.mkdir()
    make_with_openssl(authority, KEYS["EC"])
    command: list[str | Path] = [
        "openssl",
        "req",
        "-x509",
        "-key",
        authority / "tls.key",
        "-days",
        "2",
        "-subj",
        "/CN=authority",
    ]
    subprocess.run([*command, "-out", authority / "tls.crt"], check=True, capture_output=True)
    command = ["openssl", "req", "-new", "-key", key, "-subj", "/CN=server", "-out", request]
    subprocess.run(command, check=True, capture_output=True)
    command = ["openssl", "x509", "-req", "-in", request, "-CA", authority / "tls.crt", "-CAkey", authority / "tls.key"]
    subprocess.run([*command, "-CAcreateserial", "-out", tls.certificate_path], check=True, capture_output=True)
    return Path(tls.certificate_path).read_bytes()


class TestServedCertificate:
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    @pytest.mark.parametrize("kind", KEYS.values(), ids=KEYS)
    def test_works_with_every_kind_of_key_and_version_of_tls(
        self, tmp_path: Path, kind: list[str], version: ssl.TLSVersion
    ) -> None:
        served = ServedCertificate(make_with_openssl(tmp_path, kind))
        client = ssl.create_default_context()
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.minimum_version = client.maximum_version = version

        assert served.pin == pin(handshake(served.context, client))

    @pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA256"])
    def test_is_served_with_no_suite_in_cbc_mode(self, files: Tls, suite: str) -> None:
        client = ssl.create_default_context()
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        client.set_ciphers(suite)

        with pytest.raises(ssl.SSLError, match=r"(?i)no.shared.cipher"):
            handshake(ServedCertificate(files).context, client)

    def test_is_the_renewed_one_for_new_connections(self, files: Tls) -> None:
        served = ServedCertificate(files)
        first, renewed = handshake(served.context), renew(files)

        assert renewed == handshake(served.context)
        assert first.serial_number != renewed.serial_number

    @pytest.mark.parametrize(
        "damage",
        [
            lambda tls: Path(tls.certificate_path).write_text("half a certifi"),
            lambda tls: Path(tls.certificate_path).write_text(""),
            lambda tls: Path(tls.certificate_path).unlink(),
            lambda tls: Path(tls.key_path).write_text("half a k"),
            lambda tls: Path(tls.key_path).unlink(),
            lambda tls: make_key(Path(tls.key_path)),
        ],
        ids=["half", "empty", "gone", "half a key", "no key", "another key"],
    )
    def test_stays_as_it_was_when_the_new_one_can_not_be_used(self, files: Tls, damage: Callable[[Tls], Any]) -> None:
        served = ServedCertificate(files)
        before, pinned = handshake(served.context), served.pin
        damage(files)

        with capture_logs() as logs:
            assert [before, before] == [handshake(served.context) for _ in range(2)]
        assert ["error"] == [each["log_level"] for each in logs]
        assert "the one before stays" in logs[0]["event"]
        assert pinned == served.pin

    def test_is_the_new_one_as_soon_as_both_files_fit(self, files: Tls) -> None:
        served = ServedCertificate(files)
        before = handshake(served.context)
        make_key(Path(files.key_path))
        assert before == handshake(served.context)

        after = renew(files)
        with capture_logs() as logs:
            assert after == handshake(served.context)
        assert pin(after) == served.pin != pin(before)
        assert ["info", "warning"] == [each["log_level"] for each in logs]
        assert pin(before) == logs[1]["before"]

    def test_that_was_renewed_is_logged_with_its_pin(self, files: Tls) -> None:
        served = ServedCertificate(files)
        renew(files)
        with capture_logs() as logs:
            handshake(served.context)

        assert [("info", served.pin)] == [(each["log_level"], each["pin"]) for each in logs]

    @pytest.mark.parametrize("broken", ["key", "certificate"])
    def test_that_can_not_be_used_stops_the_start(self, files: Tls, broken: str) -> None:
        Path(files.key_path if broken == "key" else files.certificate_path).write_text("nonsense")

        with pytest.raises(ConfigurationError, match=r"service\.tls: can't use the key and certificate"):
            ServedCertificate(files)

    def test_whose_key_needs_a_password_stops_the_start_instead_of_asking(self, files: Tls) -> None:
        command = ["openssl", "pkey", "-in", files.key_path, "-aes256", "-passout", "pass:secret"]
        hidden = subprocess.run(command, check=True, capture_output=True).stdout
        Path(files.key_path).write_bytes(hidden)

        with pytest.raises(ConfigurationError, match=r"service\.tls: can't use the key and certificate"):
            ServedCertificate(files)


def make_key(path: Path) -> None:
    """Another key in the place of the one that is there."""
    path.write_bytes(subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True).stdout)


class TestListeners:
    def test_have_tls_when_the_section_is_there(self) -> None:
        listen = {"METERD_SERVICE__LISTEN": "0.0.0.0:4443"}

        assert (Listener("0.0.0.0", 4443, tls=False),) == load(None, listen).service.listeners
        listen["METERD_SERVICE__TLS__KEY_PATH"] = "tls.key"
        assert (Listener("0.0.0.0", 4443, tls=True),) == load(None, listen).service.listeners

    def test_may_be_several_with_and_without_tls(self, tmp_path: Path) -> None:
        config = tmp_path / "meterd.yaml"
        config.write_text("""
service:
  listen: ["${PORT:-4443}", 8443, "https://[::1]:9443", "http://127.0.0.1:8080"]
  tls: {}
""")
        assert (
            Listener("0.0.0.0", 4443, tls=True),
            Listener("0.0.0.0", 8443, tls=True),
            Listener("::1", 9443, tls=True),
            Listener("127.0.0.1", 8080, tls=False),
        ) == load(config, {}).service.listeners

    @pytest.mark.parametrize(
        "listen", ["[]", "['127.0.0.1:1', nowhere]", "ftp://a:1", "http://a", "https://127.0.0.1:4443", "a://b://c:1"]
    )
    def test_that_can_not_be_are_refused(self, listen: str) -> None:
        with pytest.raises(ConfigurationError, match=r"service\.listen"):
            _ = load(None, {"METERD_SERVICE__LISTEN": listen}).service.listeners


class Ports(Meterd):
    """A server with TLS at one port, and without at another; `client` uses the latter, which is announced last."""

    def __init__(self, folder: Path, files: Tls, *arguments: str) -> None:
        config = folder / "meterd.yaml"
        tls = f"{{key-path: {files.key_path}, certificate-path: {files.certificate_path}}}"
        config.write_text(f"metrics: {{}}\nservice: {{tls: {tls}}}")
        super().__init__(folder / "data", config=config)
        self._arguments += arguments

    @property
    def announced(self) -> list[str]:
        return re.findall(r"^meterd (?:ready|TLS).*$", self.log.decode(), re.MULTILINE)

    @property
    def secure(self) -> str:
        return self.announced[0].removeprefix("meterd ready on ")


class TestServing:
    @pytest.fixture(scope="class")
    @classmethod
    def own(cls, tmp_path_factory: pytest.TempPathFactory) -> Tls:
        folder = tmp_path_factory.mktemp("own")
        tls = Tls(key_path=str(folder / "tls.key"), certificate_path=str(folder / "tls.crt"))
        renew(tls)
        return tls

    @pytest.fixture(scope="class")
    @classmethod
    def ports(cls, own: Tls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
        with Ports(tmp_path_factory.mktemp("ports"), own, "--listen", "http://127.0.0.1:0") as ports:
            yield ports

    def test_every_listener_and_then_the_pin_is_announced(self, ports: Ports, own: Tls) -> None:
        secure, plain, pinned = ports.announced

        assert re.fullmatch(r"meterd ready on https://127\.0\.0\.1:\d+", secure)
        assert re.fullmatch(r"meterd ready on http://127\.0\.0\.1:\d+", plain)
        assert f"meterd TLS pin {pin(read_certificate(Path(own.certificate_path)))}" == pinned

    def test_both_listeners_answer(self, ports: Ports, own: Tls) -> None:
        trusting = ssl.create_default_context(cafile=own.certificate_path)

        assert 200 == ports.client.get("/health").status_code
        assert 200 == httpx2.get(f"{ports.secure}/health", verify=trusting).status_code

    def test_a_renewed_certificate_is_used_without_a_restart_and_open_connections_go_on(
        self, ports: Ports, own: Tls
    ) -> None:
        with httpx2.Client(verify=ssl.create_default_context(cafile=own.certificate_path)) as before:
            assert 200 == before.get(f"{ports.secure}/health").status_code
            renewed = renew(own, "127.0.0.1", "renewed.example")

            assert 200 == before.get(f"{ports.secure}/health").status_code
        host, port = ports.secure.removeprefix("https://").split(":")
        shown = ssl.get_server_certificate((host, int(port)))
        assert renewed == x509.load_pem_x509_certificate(shown.encode())

    def test_without_tls_the_files_are_not_looked_at(self, tmp_path: Path) -> None:
        nothing = Tls(key_path=str(tmp_path / "none.key"), certificate_path=str(tmp_path / "none.crt"))
        with Ports(tmp_path, nothing, "--no-tls") as ports:
            assert [f"meterd ready on {ports.url}"] == ports.announced
            assert ports.url.startswith("http://")
            assert 200 == ports.client.get("/health").status_code

    def test_clients_that_break_off_are_no_fault_of_the_server(self, tmp_path: Path, own: Tls) -> None:
        with Ports(tmp_path, own, "--listen", "http://127.0.0.1:0") as ports:
            host, port = ports.secure.removeprefix("https://").split(":")
            for client in (refuse_after_handshake, refuse_the_certificate, speak_plainly, say_nothing):
                client((host, int(port)))
            assert 200 == ports.client.get("/health").status_code
        assert 0 == ports.process.returncode
        lines = ports.log.decode().splitlines()
        assert [] == [line for line in lines if re.search(r'"(warning|error|critical)"|Traceback', line)]


def refuse_after_handshake(address: tuple[str, int]) -> None:
    """What the SDK does when the pin does not match."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(address) as connection:
        context.wrap_socket(connection).close()


def refuse_the_certificate(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connection, server_hostname="localhost")


def speak_plainly(address: tuple[str, int]) -> None:
    with pytest.raises(httpx2.TransportError):
        httpx2.get(f"http://{address[0]}:{address[1]}/health")


def say_nothing(address: tuple[str, int]) -> None:
    with socket.create_connection(address):
        time.sleep(0.05)
