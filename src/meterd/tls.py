"""Keys and certificates of the server (`docs/specifications/ai-guard.md` section 8): pins, self-signed certificates,
following renewals.
"""

import base64
import contextlib
import hashlib
import ipaddress
import os
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meterd.errors import ConfigurationError
from meterd.settings import Tls

log = structlog.get_logger()

DEFAULT_NAMES = ("localhost", "127.0.0.1", "::1")

_Key = EllipticCurvePrivateKey | Ed25519PrivateKey | RSAPrivateKey
_CLOCKS_DIFFER = timedelta(minutes=5)
_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20"
"""Of TLS 1.2, in OpenSSL's words: forward secrecy and authenticated encryption, so none in CBC mode."""


def pin(certificate: x509.Certificate) -> str:
    """Return what clients may pin: SHA-256 of the public key (DER SubjectPublicKeyInfo), in base64."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def read_certificate(path: Path) -> x509.Certificate:
    """Read the first certificate of a PEM file, which is the server's own. Raises `ConfigurationError`."""
    with _named(path, "it holds no certificate in PEM"):
        return x509.load_pem_x509_certificate(path.read_bytes())


class ServedCertificate:
    """The key and certificate of the listeners. `context` is for all connections; each gets what the files hold now.

    Files that can't be used leave the certificate as it was, and are logged. At the start they raise
    `ConfigurationError`.
    """

    def __init__(self, settings: Tls) -> None:
        self._key, self._certificate = Path(settings.key_path), Path(settings.certificate_path)
        for path in (self._key, self._certificate):
            if not path.is_file():
                raise ConfigurationError(f"service.tls: there is no file {path}; --no-tls serves plain HTTP")
        self._seen = self._file_states()
        self.context = self._current = self._load()
        self.pin = pin(read_certificate(self._certificate))
        self.context.sni_callback = self._choose

    def changed(self, seen: object) -> object | None:
        """Return what is different once the files are, None while it is still as `seen`."""
        states = self._file_states()
        return None if states == seen else states

    def pem(self) -> tuple[bytes, bytes]:
        """Return the key and the certificate with its chain, as the files hold them now. Raises `OSError`."""
        return self._key.read_bytes(), self._certificate.read_bytes()

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """OpenSSL asks at the start of each connection, whether the client named a server or not."""
        seen = self._file_states()
        if seen != self._seen:
            self._seen = seen
            self._follow()
        connection.context = self._current

    def _follow(self) -> None:
        try:
            certificate = read_certificate(self._certificate)
            self._current = self._load()
        except ConfigurationError as error:
            log.error("the changed certificate can't be used, the one before stays", reason=error.message)
            return
        before, self.pin = self.pin, pin(certificate)
        log.info("the changed certificate is used", until=certificate.not_valid_after_utc.isoformat(), pin=self.pin)
        if before != self.pin:
            log.warning("the key changed: clients that pin the one before refuse this server", before=before)

    def _file_states(self) -> list[tuple[int, int, int]]:
        """Return what changes when one of the files does."""
        try:
            found = [path.stat() for path in (self._key, self._certificate)]
        except OSError:
            return []
        return [(each.st_mtime_ns, each.st_ino, each.st_size) for each in found]

    def _load(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_ciphers(_SUITES)
        try:
            context.load_cert_chain(self._certificate, self._key, password="")  # nobody is there to type one
        except OSError as error:  # of which the errors of ssl are a kind
            reason = error.strerror or error
            raise ConfigurationError(f"service.tls: can't use the key and certificate: {reason}") from None
        return context


def make_self_signed(key_path: Path, certificate_path: Path, names: Sequence[str], days: int) -> x509.Certificate:
    """Write a self-signed certificate for the key at `key_path`, which is made only when there is none.

    A self-signed certificate is replaced, and hands on its names when none are given. Raises `ConfigurationError`.
    """
    before = read_certificate(certificate_path) if certificate_path.exists() else None
    if before and before.issuer != before.subject:
        raise ConfigurationError(f"{certificate_path} was issued by {before.issuer.rfc4514_string()}: not replaced")
    if before and not key_path.exists():
        raise ConfigurationError(f"{certificate_path} is there and its key {key_path} is not: a new key has a new pin")
    alternative = x509.SubjectAlternativeName([_general_name(name) for name in names or DEFAULT_NAMES])
    if before and not names:
        with contextlib.suppress(x509.ExtensionNotFound):
            alternative = before.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    key = _read_key(key_path) if key_path.exists() else _make_key(key_path)
    certificate = _sign(key, alternative, timedelta(days=days))
    _replace(certificate_path, certificate.public_bytes(Encoding.PEM))
    return certificate


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the names and addresses that a certificate is for."""
    alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in alternative]


def _sign(key: _Key, names: x509.SubjectAlternativeName, lifetime: timedelta) -> x509.Certificate:
    """Sign a certificate that clients can also name as their authority: AI Guard's recipe has `CA:true`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "meterd")])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + lifetime)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, None if isinstance(key, Ed25519PrivateKey) else SHA256())


def _read_key(path: Path) -> _Key:
    with _named(path, "it holds no RSA, EC or Ed25519 key in PEM without a password"):
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, _Key):
            raise TypeError
        return key


def _make_key(path: Path) -> _Key:
    key = generate_private_key(SECP256R1())
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with _named(path), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return key


def _replace(path: Path, content: bytes) -> None:
    """At once, so that a running server never reads half a certificate; everybody may read it."""
    new = path.with_name(f"{path.name}.new")
    with _named(path):
        new.write_bytes(content)
        new.chmod(0o644)
        new.replace(path)


def _general_name(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    if not name.isascii() or not name.isprintable() or not name or " " in name:
        raise ConfigurationError(f"--name must be a host name or an address, got {name!r}")
    return x509.DNSName(name)


@contextlib.contextmanager
def _named(path: Path, unusable: str = "") -> Iterator[None]:
    """Name the file in errors of a key or certificate; `unusable` is said when its content is not what it must be."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"can't use {path}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise ConfigurationError(f"can't use {path}: {unusable}") from None
