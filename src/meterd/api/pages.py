"""The policy of the pages that are served here: what a browser may do with them."""

import base64
import hashlib


def page_policy(**sources: str) -> tuple[bytes, bytes]:
    """Return the header by which a page may load only `sources`, by kind such as `style_src`. Nobody frames it."""
    allowed = {"default_src": "'none'", "base_uri": "'none'", "form_action": "'none'", "frame_ancestors": "'none'"}
    text = "; ".join(f"{kind.replace('_', '-')} {where}" for kind, where in (allowed | sources).items())
    return b"content-security-policy", text.encode()


def inline(text: str) -> str:
    """Allow a script or style that stands in a page itself, as a source of its policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
