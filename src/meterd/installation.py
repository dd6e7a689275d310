"""Whether the three files of a data directory belong together, and what is lost where they don't.

The journal's entries and the store's watermark tell whether one of the two is older than the other; the number of
starts tells it of the journal and the metadata (`docs/decisions/0018-files-that-belong-together.md`).
"""

from collections import Counter
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import structs

from meterd.errors import ConfigurationError
from meterd.ingest.stamped import JournalState
from meterd.stamps import Stamp


class File(StrEnum):
    """A file of a data directory."""

    JOURNAL = "journal"
    STORE = "store"
    METADATA = "directory"  # its name on disk, and in `--accept-loss`

    @property
    def file_name(self) -> str:
        return "store.duckdb" if self is File.STORE else f"{self}.sqlite"


class StoreState(msgspec.Struct, frozen=True):
    """The state of a store: which installation it is of, and the last journal entry that is in it."""

    installation: str | None = None
    watermark: int = 0


class MetadataState(msgspec.Struct, frozen=True):
    """The state of the database of metadata; one that nodes share does not count their starts."""

    stamp: Stamp | None = None
    is_shared: bool = False


class Unusable(msgspec.Struct, frozen=True):
    """A file that is missing, or can't be read."""

    why: str = "is missing"
    is_there: bool = False


class Found(msgspec.Struct, frozen=True):
    """The state of each file of a data directory."""

    journal: JournalState | Unusable
    store: StoreState | Unusable
    metadata: MetadataState | Unusable
    store_name: str = File.STORE.file_name


class Loss(msgspec.Struct, frozen=True):
    """A file that is not the one that it should be: what was found, and what going on without it loses.

    One that `is_alien` can't be used, and is set aside when the loss is accepted.
    """

    file: File
    found: str
    lost: str
    is_alien: bool = False
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name or self.file.file_name} {self.found}: {self.lost}"


_REPEAT = "(their senders may send them again)"
_LOST_JOURNAL = (
    "facts are lost that were acknowledged and had not reached the store, and what comes again is stored again,"
    " because what was remembered is lost"
)
_DRAINED = "what it held and the store here lacks is there, and what was remembered against repetition"
_LOST_METADATA = "tokens, subjects, objects and calendars are lost; sessions are made again from their facts"
_LOST_CHANGES = (
    "what was changed since is lost: tokens are unknown, or valid that were revoked, objects and calendars are as"
    " they were; sessions are made again from their facts"
)


def losses(found: Found) -> list[Loss]:
    """Return what does not belong together, and what that loses: nothing in a new directory or an earlier version's."""
    if _is_new(found):
        return []
    installation = _installation(found)
    return [
        *_of_the_journal(found, installation),
        *(structs.replace(loss, name=found.store_name) for loss in _of_the_store(found, installation)),
        *_of_the_metadata(found, installation),
    ]


def refuse(data: Path, losses: Collection[Loss]) -> ConfigurationError:
    """Say what was found, and the ways out."""
    accepted = " ".join(f"--accept-loss {loss.file}" for loss in losses)
    return ConfigurationError(
        f"the files in {data} do not belong together: {'; '.join(map(str, losses))}. Put the right files back from a"
        f" backup of the whole directory, or accept the loss: meterd serve {accepted}"
    )


def next_stamp(found: Found, otherwise: str) -> Stamp:
    """Make the stamp of the start that begins; a new installation is called `otherwise`."""
    stamps = [each.stamp for each in (found.journal, found.metadata) if not isinstance(each, Unusable)]
    installation = _installation(found) or otherwise
    before = [stamp.generation for stamp in stamps if stamp and stamp.installation == installation]
    return Stamp(installation, max(before, default=0) + 1)


def _is_new(found: Found) -> bool:
    """Nothing is there, or no more than tokens that were made before the first start, and what one left that failed."""
    if any(isinstance(each, Unusable) and each.is_there for each in (found.journal, found.store, found.metadata)):
        return False
    has_facts = not (
        isinstance(found.journal, Unusable) and (isinstance(found.store, Unusable) or _is_blank(found.store))
    )
    metadata = found.metadata
    return not has_facts and (isinstance(metadata, Unusable) or metadata.stamp is None or metadata.is_shared)


def _is_blank(store: StoreState) -> bool:
    """Return whether a store was made, and nothing ever written to it: the first start failed, or was killed."""
    return store.installation is None and store.watermark == 0


def _installation(found: Found) -> str | None:
    """Return the installation that most of the files are of; None when no file says."""
    named = [_of(found.journal), _of(found.store), _of(found.metadata)]
    counted = Counter(name for name in named if name)
    return max(counted, key=lambda name: counted[name], default=None)  # of equals the journal's


def _of(state: JournalState | StoreState | MetadataState | Unusable) -> str | None:
    match state:
        case StoreState():
            return state.installation
        case JournalState() | MetadataState():
            return state.stamp.installation if state.stamp else None
    return None


def _is_alien(found: Found, state: JournalState | StoreState | MetadataState, installation: str | None) -> bool:
    """Return whether a file is another installation's. While a first start is not complete, files may have no stamp."""
    own = _of(state)
    if own is None and isinstance(found.journal, JournalState) and not found.journal.is_complete:
        return False
    return own != installation


def _alien(file: File, own: str | None, lost: str) -> Loss:
    found = "is of another installation" if own else "is of no installation, or of an earlier version's"
    return Loss(file, found, lost, is_alien=True)


def _of_the_journal(found: Found, installation: str | None) -> list[Loss]:
    journal = found.journal
    if isinstance(journal, Unusable):
        return [Loss(File.JOURNAL, journal.why, _LOST_JOURNAL, journal.is_there)]
    if _is_alien(found, journal, installation):
        return [_alien(File.JOURNAL, _of(journal), _LOST_JOURNAL)]
    if journal.drained_into:
        return [Loss(File.JOURNAL, f"was drained into the installation {journal.drained_into}", _DRAINED, True)]
    store = found.store
    if isinstance(store, StoreState) and not _is_alien(found, store, installation) and journal.end < store.watermark:
        what = f"is an older one (it ends at entry {journal.end}, and the store has them up to {store.watermark})"
        return [Loss(File.JOURNAL, what, _LOST_JOURNAL)]
    metadata = _generation(found.metadata, installation)
    if journal.stamp and metadata is not None and metadata > journal.stamp.generation:
        return [Loss(File.JOURNAL, _older(journal.stamp.generation, metadata), _LOST_JOURNAL)]
    return []


def _of_the_store(found: Found, installation: str | None) -> list[Loss]:
    store, journal = found.store, found.journal
    usable = isinstance(journal, JournalState) and not _is_alien(found, journal, installation)
    held = journal.first if usable and isinstance(journal, JournalState) else None
    if isinstance(store, Unusable):
        lost = f"the facts of all entries before {held} are lost {_REPEAT}" if held else "all facts are lost"
        if held == 1:
            lost = "nothing is lost: the journal still has all"
        return [] if held == 1 and not store.is_there else [Loss(File.STORE, store.why, lost, store.is_there)]
    if _is_alien(found, store, installation):
        lost = f"the facts of all entries before {held} are lost {_REPEAT}" if held else "all facts are lost"
        return [_alien(File.STORE, _of(store), lost)]
    if held is not None and store.watermark < held - 1:
        what = f"is an older one (it ends at entry {store.watermark}, and the journal's begin with {held})"
        gone = f"the facts of the entries {store.watermark + 1} to {held - 1} are lost {_REPEAT}"
        return [Loss(File.STORE, what, gone)]
    return []


def _of_the_metadata(found: Found, installation: str | None) -> list[Loss]:
    metadata, journal = found.metadata, found.journal
    if isinstance(metadata, Unusable):
        return [Loss(File.METADATA, metadata.why, _LOST_METADATA, metadata.is_there)]
    if _is_alien(found, metadata, installation):
        return [_alien(File.METADATA, _of(metadata), _LOST_METADATA)]
    own = _generation(metadata, installation)
    if own is None or isinstance(journal, Unusable) or journal.stamp is None or _of(journal) != installation:
        return []
    oldest = journal.stamp.generation - (not journal.is_complete)
    if own < oldest:
        return [Loss(File.METADATA, _older(own, journal.stamp.generation), _LOST_CHANGES)]
    return []


def _generation(metadata: MetadataState | Unusable, installation: str | None) -> int | None:
    if isinstance(metadata, Unusable) or metadata.is_shared:
        return None
    if metadata.stamp is None or metadata.stamp.installation != installation:
        return None
    return metadata.stamp.generation


def _older(own: int, other: int) -> str:
    return f"is an older one (of start {own}, while another file is of start {other})"
