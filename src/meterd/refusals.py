"""Refusals of requests before they are read: each reason as `/metrics` counts it, and its error."""

import re

import httptools

from meterd.errors import AddressTooLong, HeadersTooLarge, InvalidInput, MeterdError, TooSlow, Unavailable
from meterd.settings import Limits

_MAX_METHOD_LENGTH = 32
_REQUEST_LINE = re.compile(rb"(?P<method>[!#$%&'*+.^_`|~\w-]+) (?P<address>/[^\s]*) HTTP/1\.[01]\r?\n")


class Refused(Exception):
    """Carries out of the parser why a request is refused."""

    def __init__(self, reason: str, error: MeterdError) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error


def check_head(limits: Limits, address: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """Raise `Refused` when the head of a request has too many fields or too many bytes."""
    if len(headers) > limits.header_fields:
        message = f"the request has more than {limits.header_fields} header fields (service.limits.header-fields)"
        raise Refused("header-fields", HeadersTooLarge(message))
    if len(address) + sum([len(name) + len(value) for name, value in headers]) > limits.header_bytes:
        raise too_large(limits, address)


def too_large(limits: Limits, address: bytes) -> Refused:
    """Refuse a head for its bytes, of which the address may be too many by itself."""
    limit = f"{limits.header_bytes} bytes (service.limits.header-bytes)"
    if len(address) > limits.header_bytes:
        return Refused("address-bytes", AddressTooLong(f"the address is longer than {limit}"))
    return Refused("header-bytes", HeadersTooLarge(f"address and headers are larger than {limit}"))


def too_many_pipelined() -> Refused:
    """Refuse a request that is sent while too many wait for the answer to one before them."""
    message = "too many requests wait for the answer to the first (service.limits.pipelined-requests)"
    return Refused("pipelined-requests", Unavailable(message))


def head_too_slow(limits: Limits) -> Refused:
    """Refuse a head that takes too long to arrive."""
    message = f"the headers took longer than {limits.header_timeout:g} s (service.limits.header-timeout)"
    return Refused("header-timeout", TooSlow(message))


def body_too_slow(limits: Limits) -> Refused:
    """Refuse a body that arrives too slowly."""
    message = f"the body came slower than {limits.body_rate} bytes a second (service.limits.body-rate)"
    return Refused("body-timeout", TooSlow(message))


def malformed(error: httptools.HttpParserError) -> Refused:
    """Refuse what is not HTTP."""
    return Refused("malformed", InvalidInput(f"this is no valid HTTP/1.1 request: {error}"))


def other_version(version: str) -> Refused:
    """Refuse a version of HTTP in which requests and responses have another form, as 0.9 without headers."""
    return Refused("malformed", InvalidInput(f"HTTP/{version} is not spoken here: send HTTP/1.1"))


def unknown_method(data: bytes, error: httptools.HttpParserError) -> tuple[bytes, Refused] | None:
    """Return the address of a request whose method the parser does not know, and its refusal; None for other errors.

    The parser gives up at such a method, before it tells the address.
    """
    if not isinstance(error, httptools.HttpParserInvalidMethodError) or not (line := _REQUEST_LINE.match(data)):
        return None
    sentence = f"the method {line['method'][:_MAX_METHOD_LENGTH].decode()} is not known"
    return line["address"], Refused("malformed", InvalidInput(sentence))
