"""The arguments of a client: where the server is, who asks, and limits."""

import os
from ipaddress import ip_address

import httpx2
import msgspec

DEFAULT_URL = "http://127.0.0.1:8080"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of a client. The token never appears in the representation.

    Raises:
        ValueError: a limit makes no sense, which the message names.
    """

    url: str
    token: str | None
    timeout: float
    retry_attempts: int
    retry_timeout: float
    batch_size: int
    flush_interval: float
    max_buffered_rows: int

    def __post_init__(self) -> None:
        for name in ("timeout", "retry_attempts", "retry_timeout", "batch_size", "flush_interval"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be greater than 0, got {getattr(self, name)!r}")
        if self.max_buffered_rows < self.batch_size:
            raise ValueError(f"max_buffered_rows must be at least batch_size, got {self.max_buffered_rows!r}")

    def __repr__(self) -> str:
        return f"Options(url={self.url!r})"


def address(given: str | None) -> str:
    """Return the server's address; `METERD_URL` or the default if none is given.

    Raises:
        ValueError: it is none.
    """
    text = given or os.environ.get("METERD_URL") or DEFAULT_URL
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise ValueError(f"url is not valid: {error}") from None
    if url.userinfo:
        raise ValueError("url must not hold a name or password: pass the token as token")
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"url must look like {DEFAULT_URL}, got {text!r}")
    return text


def credential(given: str | None, url: str) -> str | None:
    """Return the token; `METERD_TOKEN` if none is given, and None if the server is on this machine and there is none.

    Raises:
        ValueError: there is none, or it can't be sent; the message does not repeat it.
    """
    text = given or os.environ.get("METERD_TOKEN")
    if not text:
        if _is_local(httpx2.URL(url).host):
            return None
        raise ValueError("there is no token: pass token or set METERD_TOKEN")
    if not (text.isascii() and text.isprintable()):
        raise ValueError("token must be printable ASCII, without line breaks")
    return text


def _is_local(host: str) -> bool:
    """Return whether a host is this machine, by its name: such callers may log sessions without a token."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
