"""Recognises facts of a journal by the identities that it remembers of their entries.

An identity is a digest of the sender, too, and a line does not say who sent it. Lines that follow one another mostly
come from the same sender, so whoever was the sender of one is tried first for the next: what is computed grows with the
lines, and not with the lines times the senders.
"""

from collections.abc import Collection

import msgspec

from meterd.datasets import Dataset
from meterd.ingest.facts import Identities

Sender = tuple[str, ...]
"""What tells senders apart in identities (`meterd.access.Caller.identity`), empty for those that speak for others."""


class Recognition:
    """Finds the identities of the lines of one entry among `remembered`, those of its facts and others.

    `senders` are those who may have sent them besides the subjects of the facts.
    """

    def __init__(
        self, dataset: Dataset, tenant: str, senders: Collection[Sender], remembered: Collection[bytes]
    ) -> None:
        self._dataset = dataset
        self._tenant = tenant
        self._senders = [(), *senders]
        self._remembered = remembered

    def identity(self, line: bytes) -> bytes | None:
        """Return the identity of a line's fact; None when it is not remembered, or the line can't be read."""
        try:
            row = msgspec.json.decode(line, type=self._dataset.row_type)
        except msgspec.DecodeError:  # the loader sets it aside
            return None
        if (own := self._digest((row.subject_type or "", row.subject or ""), row)) in self._remembered:
            return own
        for number, sender in enumerate(self._senders):
            digest = self._digest(sender, row)
            if digest in self._remembered:
                self._senders.insert(0, self._senders.pop(number))
                return digest
        return None

    def _digest(self, sender: Sender, row: msgspec.Struct) -> bytes | None:
        return Identities(self._dataset, self._tenant, sender).digest(row)
