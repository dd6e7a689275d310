"""Sections of the settings, and the kinds of values in them."""

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(gt=0)]
Days = Annotated[float, Meta(gt=0, le=36_500)]
Count = Annotated[int, Meta(ge=1)]
Size = Annotated[
    str, Meta(pattern=r"^[0-9]+(\.[0-9]+)? ?[KMGT]i?B$", description="a size such as 512MB, 4GB or 1.5GiB")
]
Secret = Annotated[str, Meta(extra={"is_secret": True})]
"""A text that is masked wherever settings are shown."""


class Section(msgspec.Struct, kw_only=True, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """A mapping of the settings file: keys in kebab-case, unknown keys are refused."""
