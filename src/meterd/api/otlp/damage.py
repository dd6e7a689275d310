"""The parts of an export request that could not be used."""

from collections import Counter

import msgspec

MAX_DAMAGED = 50_000
"""Damaged parts of one request that are looked into, at some 10 microseconds each. Beyond them they are left out."""
_NAMED = 5
"""Kinds of damage that a sentence names."""


class Damage(msgspec.Struct):
    """Elements (spans, points, log records) that are rejected, by reason, and values left out, by member.

    `room` is for how many more damaged parts may be looked into.
    """

    rejected: Counter[str] = msgspec.field(default_factory=Counter)
    left_out: Counter[str] = msgspec.field(default_factory=Counter)
    room: int = MAX_DAMAGED

    @property
    def has_room(self) -> bool:
        return self.room > 0

    def __bool__(self) -> bool:
        return bool(self.rejected or self.left_out)

    def sentence(self) -> str:
        """Tell what happened most: `2 rejected: spanId must be …; left out: 3 values of stringValue`."""
        parts = [f"{count} rejected: {reason}" for reason, count in self.rejected.most_common(_NAMED)]
        if self.left_out:
            values = (f"{count} of {member}" for member, count in self.left_out.most_common(_NAMED))
            parts.append(f"values that can't be used are left out: {', '.join(values)}")
        return "; ".join(parts)
