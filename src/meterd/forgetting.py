"""Forgets a person everywhere in an installation that is stopped (`docs/decisions/0047-forgetting.md`).

A note in the data directory says what is under way until all of it is done, so that what is interrupted goes on with
the same pseudonym when it is asked for again.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from meterd.backup import created
from meterd.data_directory import lock_directories, open_metadata, path_of
from meterd.datasets import DATASETS
from meterd.datasets.person import Person
from meterd.durability import sync
from meterd.errors import ConfigurationError
from meterd.failpoints import reach
from meterd.installation import File
from meterd.moving.stores import emptied, is_embedded, journals_of, open_erasure
from meterd.settings import Settings
from meterd.store import StoreError

NOTE = "forgetting.json"
OUTSIDE = (
    "backups and exports that were made before",
    "texts: messages, states and documents of others that mention the person",
    "journals of nodes on other machines: stop them when they have loaded what they took, and call this on each",
    "spools of agents and clients on other machines",
    "what was exported to other services, and logs",
)
"""Where a person may still be named."""
_SET_ASIDE = ("*.set-aside-*", "*.damaged-*")
_encoder = msgspec.json.Encoder()


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """What there was of a person, and what became of it.

    `facts` are by dataset, `documents` by what they are; `set_aside` are lines that could not be loaded. `unsearched`
    are files in the data directory that nobody can read any more, and `is_scrubbed` tells whether what was deleted is
    also gone from the disk.
    """

    person: Person
    deletes: bool
    pseudonym: str | None
    facts: dict[str, int]
    documents: dict[str, int]
    set_aside: int
    unsearched: tuple[str, ...]
    outside: tuple[str, ...] = OUTSIDE
    is_done: bool = False
    is_scrubbed: bool = False

    @property
    def is_known(self) -> bool:
        """Tell whether there is anything of the person."""
        return any((*self.facts.values(), *self.documents.values(), self.set_aside))


class _Note(msgspec.Struct, frozen=True):
    person: Person
    deletes: bool
    pseudonym: str


def look(data: Path, person: Person, deletes: bool, settings: Settings) -> Report:
    """Look for a person in an installation that no service has; nothing is changed. Raises `ConfigurationError`."""
    with lock_directories(data) as directories, _translated_errors(data):
        return _look(directories, person, deletes, settings)


def forget(data: Path, person: Person, deletes: bool, settings: Settings) -> Report:
    """Forget a person: facts and documents are deleted, or get a pseudonym.

    A person of whom there is nothing is forgotten already. Raises `ConfigurationError`; called again it goes on.
    """
    with lock_directories(data) as directories, _translated_errors(data):
        report = _look(directories, person, deletes, settings)
        note = _read_note(data)
        if note and (note.person, note.deletes) != (person, deletes):
            raise ConfigurationError(f"to forget {note.person.subject} was begun and is not done: do that first")
        _require_alone(data, settings)
        if note is None and not report.is_known:
            if not is_embedded(settings):  # another node has forgotten the person, and this one's files may have blocks
                _write_anew(directories, settings)
            return msgspec.structs.replace(report, is_done=True, is_scrubbed=True)
        note = note or _write_note(data, _Note(person, deletes, f"forgotten-{secrets.token_hex(8)}"))
        reach("forget-noted")
        is_scrubbed = _forget(directories, note, settings)
        if is_scrubbed:
            (data / NOTE).unlink()
            sync(data)
        return msgspec.structs.replace(report, pseudonym=note.pseudonym, is_done=True, is_scrubbed=is_scrubbed)


def _look(directories: Sequence[Path], person: Person, deletes: bool, settings: Settings) -> Report:
    data, *_ = directories
    set_aside = 0
    for each in journals_of(directories, settings):
        with emptied(each, settings) as files:
            set_aside += files.journal.count_aside(_written(person), person.tenants)
    with closing(open_metadata(data, settings.directory)) as metadata:
        documents = metadata.forgetting.count(person)
    with closing(open_erasure(data, settings)) as erasure:
        facts = {dataset.name: erasure.count(dataset, person) for dataset in DATASETS.values()}
    return Report(person, deletes, None, facts, documents, set_aside, _unsearched(directories, settings))


def _require_alone(data: Path, settings: Settings) -> None:
    """Raise `ConfigurationError` while nodes elsewhere run: what they have not written yet would name the person."""
    with closing(open_metadata(data, settings.directory)) as metadata:
        metadata.forgetting.require_alone()


def _unsearched(directories: Sequence[Path], settings: Settings) -> tuple[str, ...]:
    """Return the files that are not looked into: such as nobody can read, and journals that lead into other stores."""
    data, *_ = directories
    damaged = [each for folder in directories for pattern in _SET_ASIDE for each in folder.glob(pattern)]
    others = set(directories).difference(journals_of(directories, settings))
    there = [*damaged, *(path_of(each, File.JOURNAL) for each in others if path_of(each, File.JOURNAL).exists())]
    return tuple(sorted(str(each.absolute().relative_to(data.absolute())) for each in there))


def _forget(directories: Sequence[Path], note: _Note, settings: Settings) -> bool:
    """Do all of it; tell whether nothing of it is left on the disk."""
    data, *_ = directories
    with closing(open_erasure(data, settings)) as erasure:
        for dataset in DATASETS.values():
            if note.deletes:
                erasure.delete(dataset, note.person)
            else:
                erasure.rename(dataset, note.person, note.pseudonym)
    reach("forget-facts-gone")
    with closing(open_metadata(data, settings.directory)) as metadata:
        metadata.forgetting.forget(note.person, note.pseudonym, note.deletes)
    for each in journals_of(directories, settings):
        with emptied(each, settings) as files:
            files.journal.cut_aside(_written(note.person), note.person.tenants)
    reach("forget-documents-gone")
    is_scrubbed = open_erasure(data, settings).scrub()
    _write_anew(directories, settings)
    return is_scrubbed


def _write_anew(directories: Sequence[Path], settings: Settings) -> None:
    """Write the SQLite files anew, without what was deleted."""
    for each in journals_of(directories, settings):
        for file in (File.JOURNAL, File.METADATA):
            if path_of(each, file).exists():
                _vacuum(path_of(each, file))


def _written(person: Person) -> bytes:
    """Return the name as a line of the journal has it."""
    return _encoder.encode(person.subject)


def _read_note(data: Path) -> _Note | None:
    try:
        return msgspec.json.decode((data / NOTE).read_bytes(), type=_Note)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        raise ConfigurationError(f"{data / NOTE} can't be read: remove it, and forget again") from None


def _write_note(data: Path, note: _Note) -> _Note:
    partial = data / f"{NOTE}.partial"
    with created(partial) as file:
        file.write(_encoder.encode(note))
    partial.rename(data / NOTE)
    sync(data)
    return note


def _vacuum(path: Path) -> None:
    """Write an SQLite file anew, without what was deleted."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            connection.execute(statement).fetchall()


@contextmanager
def _translated_errors(data: Path) -> Iterator[None]:
    """Say what keeps a person from being forgotten."""
    try:
        yield
    except (StoreError, sqlite3.Error) as error:
        raise ConfigurationError(f"can't forget in {data}: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"can't forget in {data}: {os.strerror(error.errno or 0)}") from None
