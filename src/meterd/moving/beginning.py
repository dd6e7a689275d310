"""How an export begins: with all that was acknowledged before in one place, where it stays until the export is whole.

Of an embedded store that is a copy, as a backup makes it. Of another one it is the store itself, once it has what the
journals of all processes on this machine have; what comes meanwhile may be in the export, too.
"""

import shutil
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from meterd.backup import MANIFEST, back_up, created
from meterd.data_directory import PROGRESS, data_directories, lock_directory, open_metadata, path_of
from meterd.errors import ConfigurationError
from meterd.ingest.stamped import read_state
from meterd.installation import File
from meterd.moving.stores import emptied, is_embedded, journals_of
from meterd.settings import Settings
from meterd.stamps import row_of

COPY = "copy"
"""The directory with the copy, or with a note, within that of the export."""
_LOADED_SECONDS = 120.0
"""How long the service is waited for, until the store has what the journal has."""
_POLL_SECONDS = 0.2


class Beginning(msgspec.Struct, frozen=True, rename="camel"):
    """Whose an export is, and when it began."""

    installation: str
    started_at: datetime


def begin(data: Path, target: Path, settings: Settings) -> tuple[Beginning, Path]:
    """Begin an export, or go on with one; return where its source is: a data directory whose journal is in the store.

    Raises `ConfigurationError` and `StoreError`.
    """
    copy = target / COPY
    if not copy.exists():
        shutil.rmtree(target / f"{COPY}.partial", ignore_errors=True)
        if is_embedded(settings):
            back_up(data, copy)
        else:
            _note(data, copy, settings)
    beginning = msgspec.json.decode((copy / MANIFEST).read_bytes(), type=Beginning)
    if not is_embedded(settings):
        return beginning, data
    with emptied(copy, settings):
        return beginning, copy


def _note(data: Path, copy: Path, settings: Settings) -> None:
    """Wait until the store has what was acknowledged by now, and note that."""
    started_at = datetime.now(UTC)
    journals = journals_of(data_directories(data), settings)
    ends = {each: read_state(path_of(each, File.JOURNAL)).end for each in journals}
    for each, end in ends.items():
        _load(each, end, settings)
    with closing(open_metadata(data, settings.directory)) as metadata:
        stamp = metadata.stamp()
    if stamp is None:
        raise ConfigurationError("no start of the service was noted in the files: start it once, and try again")
    partial = copy.with_name(f"{copy.name}.partial")
    partial.mkdir(mode=0o700)
    with created(partial / MANIFEST) as file:
        file.write(msgspec.json.encode(Beginning(stamp.installation, started_at)))
    partial.rename(copy)


def _load(data: Path, end: int, settings: Settings) -> None:
    """Load a journal up to an entry, or wait until the service that has it did."""
    deadline = time.monotonic() + _LOADED_SECONDS
    while True:
        try:
            lock = lock_directory(data)
        except ConfigurationError:  # a service has it
            if _loaded(data) >= end:
                return
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"the service on {data} has not loaded its journal for {_LOADED_SECONDS:g} s: see /readyz"
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            with lock, emptied(data, settings):
                return


def _loaded(data: Path) -> int:
    row = row_of(data.absolute() / PROGRESS, "SELECT loaded FROM progress", "progress")
    return int(row[0]) if row else 0
