"""The cookie of a session, as it goes to the browser."""

from meterd.access.context import RequestContext
from meterd.access.persons import cookie_name, is_secure


def keep(context: RequestContext, secret: str) -> tuple[bytes, bytes]:
    """Return the header that gives a browser its session, until it is closed or the session is over."""
    return _cookie(context, secret, "")


def drop(context: RequestContext) -> tuple[bytes, bytes]:
    """Return the header that takes the session from a browser."""
    return _cookie(context, "", "; Max-Age=0")


def _cookie(context: RequestContext, value: str, lifetime: str) -> tuple[bytes, bytes]:
    secure = is_secure(context)
    attributes = f"; Path=/; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}{lifetime}"
    return b"set-cookie", f"{cookie_name(secure)}={value}{attributes}".encode()
