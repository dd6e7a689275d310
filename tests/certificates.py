"""Certificates that tests make with OpenSSL."""

import subprocess
from pathlib import Path

EC = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")


def self_signed(
    certificate: Path, key: Path, name: str = "meterd", alternative: str = "", kind: tuple[str, ...] = EC
) -> None:
    """Make a certificate that is signed by itself; `alternative` is such as `IP:127.0.0.1` or `DNS:example.test`."""
    extension = ["-addext", f"subjectAltName={alternative}"] if alternative else []
    command = ["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "2", "-subj", f"/CN={name}", *extension]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
