"""What becomes of a batch of LiteLLM's: a function of its body, so that a helper may read it (`meterd.api.helper`)."""

from collections import Counter

import msgspec

from meterd.access import Caller
from meterd.api.litellm.decode import decode
from meterd.api.litellm.facts import Translator
from meterd.ingest.facts import Facts
from meterd.ingest.reports import Report
from meterd.settings import Ingest


class Batch(msgspec.Struct, frozen=True):
    """Of a batch all but its body; `received` bytes came in, compressed or not."""

    caller: Caller
    received: int


class Reading(msgspec.Struct, frozen=True):
    """Facts of a batch, and counts: of elements that are skipped, by reason; of members left out of others."""

    facts: tuple[Facts, ...]
    skipped: dict[str, int]
    members_left_out: dict[str, int]


class Reader(msgspec.Struct, frozen=True):
    """Reads batches by the settings that concern them."""

    limits: Ingest
    assume_cache_misses: bool

    def read(self, body: bytes, about: Batch) -> Reading:
        """Read as much as can be used. Raises `InvalidInput` for what is no batch, and `TooLarge`."""
        payloads, unreadable = decode(body, self.limits.max_rows)
        skipped = Counter({"unreadable": unreadable}) if unreadable else Counter[str]()
        report = Report(about.caller, self.limits, about.received)
        translator = Translator(report, self.assume_cache_misses)
        for payload in payloads:
            try:
                translator.add(payload)
            except ValueError:
                skipped["time"] += 1
            except RecursionError:
                skipped["unreadable"] += 1
        translator.finish()
        if report.rows_left_out:
            skipped["row"] += report.rows_left_out.total()
        return Reading(report.facts(), skipped, report.members_left_out)
