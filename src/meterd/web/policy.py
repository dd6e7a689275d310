"""What a browser may do with a page, and with all else that the web pages answer."""

_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
GUARDS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
"""Nothing from elsewhere, nothing that stands in the page itself, in no frame; addresses stay here."""
PRIVATE = (b"cache-control", b"no-store")
"""For what depends on who asks."""
