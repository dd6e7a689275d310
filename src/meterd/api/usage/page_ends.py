"""Where pages of lists ended, so that the next page goes on there, whatever was recorded meanwhile.

Clients ask for pages by how many records come before them. Each such call is a record itself, and others are made
meanwhile: by its number a page would begin too early or too late (`docs/decisions/0028-lists-of-records.md`).
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from meterd.query.model import Value
from meterd.telemetry import Telemetry

MAX_LISTS = 200
"""Lists whose pages are remembered, those that were asked for last."""
MAX_ENDS = 16
"""Pages of a list that are remembered, the last ones."""
_MAX_CHARACTERS = 2000
"""Characters of the texts of a place; the end of a page at one with more is not remembered."""

Place = tuple[Value | None, ...]


class Beginning(NamedTuple):
    """Where a page begins: so many records after a place, or after the beginning of the list."""

    skip: int
    after: Place | None = None


class PageEnds:
    """The ends of pages, by list: who asks for what in which order."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._lists: OrderedDict[bytes, OrderedDict[int, Place]] = OrderedDict()
        telemetry.gauge("meterd_usage_lists_remembered", "Lists whose pages are remembered", lambda: len(self._lists))

    def beginning(self, key: bytes, skip: int) -> Beginning:
        """Tell where the page begins that comes after so many records: as near as the end of an earlier one is known.

        Who asks for the first page begins anew.
        """
        if skip == 0:
            self._lists.pop(key, None)
        ends = self._lists.get(key) or OrderedDict[int, Place]()
        known = max((end for end in ends if end <= skip), default=None)
        return Beginning(skip) if known is None else Beginning(skip - known, ends[known])

    def remember(self, key: bytes, skip: int, last: Sequence[Value | None]) -> None:
        """Remember the place of the last record of a page, which so many records come up to."""
        if sum(len(value) for value in last if isinstance(value, str)) > _MAX_CHARACTERS:
            return
        ends = self._lists.setdefault(key, OrderedDict())
        self._lists.move_to_end(key)
        ends[skip] = tuple(last)
        ends.move_to_end(skip)
        if len(ends) > MAX_ENDS:
            ends.popitem(last=False)
        if len(self._lists) > MAX_LISTS:
            self._lists.popitem(last=False)
