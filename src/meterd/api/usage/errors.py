"""Errors of these services: a status, and the header `x-odsl-error` with a number and a sentence.

The numbers 5005 and 8003 are the original's (`docs/specifications/usage-metrics.md` section 2), the others are ours:
ten times the status.
"""

import re

from meterd.api.http import Response, error_headers
from meterd.errors import InvalidInput, MeterdError, Unauthenticated
from meterd.expressions.errors import ExpressionError

ERROR = b"x-odsl-error"
_MAX_LENGTH = 1000
_CHALLENGES = (
    (b"www-authenticate", b'Basic realm="meterd", charset="UTF-8"'),
    (b"www-authenticate", b'Bearer realm="meterd"'),
)
"""On a line each: Chromium asks for a user and a key only then."""
_UNSENDABLE = re.compile(r"[^\x20-\x7e\xa0-\xff]")


class InvalidUpdate(InvalidInput):
    """The posted item can't be stored."""

    number = 5005


class ComputedUpdate(InvalidInput):
    """Data were posted for a series whose data are computed."""

    number = 8003


def invalid(error: ExpressionError) -> InvalidInput:
    """Return a mistake in one of the small languages, as an error of the request."""
    return InvalidInput(str(error))


def error_response(error: MeterdError, _content_type: str = "") -> Response:
    """Return the sentence as plain text, and in the header, which has no room for anything beyond Latin-1."""
    text = f"[{getattr(error, 'number', error.status * 10)}] {error.message}"[:_MAX_LENGTH]
    header = _UNSENDABLE.sub("?", text).encode("latin-1")
    needed = _CHALLENGES if isinstance(error, Unauthenticated) else error_headers(error)
    return Response(error.status, text.encode(), ((ERROR, header), *needed), b"text/plain")
