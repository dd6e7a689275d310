"""Moves a whole journal into the store at once, where no service runs that would do it."""

from meterd.ingest.backlog import BATCH_BYTES
from meterd.ingest.journal import Journal, JournalReader
from meterd.ingest.loader import of_one_batch
from meterd.ingest.sifting import Sifter
from meterd.store import Store
from meterd.telemetry import Telemetry


def empty(journal: Journal, reader: JournalReader, store: Store) -> None:
    """Move what is left, make a checkpoint, and trim; the journal holds nothing but what is set aside afterwards.

    Raises `StoreError` and `sqlite3.Error`; then what was moved is moved, and it can be called again.
    """
    sifter = Sifter(store, Telemetry(), journal.set_aside)
    while (reached := store.watermark()) < journal.end:
        entries = of_one_batch(reader.read(reached, BATCH_BYTES), store.begun())
        if not entries:  # the rest was trimmed by an earlier run whose numbers went further
            store.append((), journal.end)
        else:
            sifter.append(entries)
    if store.checkpoint():
        journal.trim(store.watermark())
