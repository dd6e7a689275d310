"""A session as the browser gets it: the link that begins one, and its cookie."""

from meterd.access.context import RequestContext
from meterd.access.persons import cookie_name, is_secure


def sign_in_link(url: str, code: str) -> str:
    """Return the link that signs in by a code, at a server with that address."""
    return f"{url.rstrip('/')}/sign-in?code={code}"


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
