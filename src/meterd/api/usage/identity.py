"""The caller, in each of the ways that clients of these services know (`docs/specifications/usage-metrics.md` section
2).
"""

import base64

from meterd.access import Caller
from meterd.access.authentication import Authenticator, credentials_of
from meterd.api.http import Request
from meterd.api.usage.request_log import ENVIRONMENT
from meterd.datasets.usage import PRODUCTION
from meterd.errors import InvalidInput, Unauthenticated

_MAX_LENGTH = 128


async def caller_of(request: Request, authenticator: Authenticator) -> Caller:
    """Return the caller, by a Bearer token, by Basic `user:key`, or by the headers `x-odsl-email` and `x-odsl-key`.

    A key is a token of that user. Who reads may also have the cookie of a session. Raises `Unauthenticated`.
    """
    authorization = request.header(b"authorization")
    user, key = request.header(b"x-odsl-email"), request.header(b"x-odsl-key")
    scheme, credentials = credentials_of(authorization)
    if scheme == "basic":
        user, key = _basic(credentials)
    elif authorization is not None or user is None or key is None:
        reads = request.context.method in ("GET", "HEAD")
        return await (authenticator.identify_person if reads else authenticator.identify)(
            request.context, authorization
        )
    caller = await authenticator.caller(f"Bearer {key}")
    if caller.subject.casefold() != user.casefold():
        raise Unauthenticated("the key is not one of this user")
    request.context.caller = caller
    return caller


def environment_of(request: Request) -> str:
    """Return the environment that a request names. Raises `InvalidInput`."""
    name = request.header(ENVIRONMENT) or PRODUCTION
    if len(name) > _MAX_LENGTH:
        raise InvalidInput(f"{ENVIRONMENT.decode()} must have at most {_MAX_LENGTH} characters")
    return name


def _basic(credentials: str) -> tuple[str, str]:
    try:
        user, colon, key = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:  # characters that Base64 hasn't, or bytes that are no text
        raise Unauthenticated("Authorization: Basic needs the Base64 text of user:key") from None
    if not colon:
        raise Unauthenticated("Authorization: Basic needs user:key, there is no colon")
    return user, key
