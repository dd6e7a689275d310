"""An import: what an export holds, added to an installation that is stopped (`docs/decisions/0046-export.md`).

What is there already stays, and is not added again. So an import that was interrupted is done by importing again.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from meterd.backup import CopiedFile, check_room
from meterd.data_directory import lock_directories
from meterd.datasets import DATASETS
from meterd.errors import ConfigurationError
from meterd.failpoints import reach
from meterd.metadata.documents import MOST_BYTES, MOST_ROWS, Document, Documents
from meterd.moving.manifest import DOCUMENTS, Manifest, read
from meterd.moving.stores import Watch, emptied, empty_others, open_fact_files
from meterd.settings import Settings
from meterd.store import StoreError
from meterd.store.fact_files import FactFiles, Month

_ROOM_PER_BYTE = 3
"""Room for each byte of an export: a store takes more of it than Parquet does, and writes it twice."""
_document = msgspec.json.Decoder(Document)


class Imported(msgspec.Struct, frozen=True, rename="camel"):
    """Facts, by dataset, that an export holds, and those that were added; and the like of documents."""

    facts: dict[str, int]
    added: dict[str, int]
    documents: int
    documents_changed: int


def import_(source: Path, data: Path, settings: Settings, watch: Watch) -> Imported:
    """Add an export to a data directory that no service has; a new one is begun when there is none.

    Raises `ConfigurationError`; what was added by then stays, and is not added again when it is called again.
    """
    manifest = read(source)
    with lock_directories(data) as directories, _translated_errors(source):
        check_room(data, _ROOM_PER_BYTE * manifest.bytes)
        _check_file(source / DOCUMENTS, manifest.documents_file)
        empty_others(directories, settings)
        with emptied(data, settings) as files:
            changed = _add_documents(files.metadata.documents, source / DOCUMENTS)
            files.metadata.sessions.start_over()
        with closing(open_fact_files(data, source, settings)) as fact_files:
            added = _add_facts(fact_files, manifest, source, watch)
    facts = {name: sum(each.facts for each in manifest.facts.values() if each.dataset == name) for name in added}
    return Imported(facts, added, manifest.documents, changed)


def _add_documents(documents: Documents, path: Path) -> int:
    changed = 0
    with path.open("rb") as lines:
        for some in portions(lines):
            changed += documents.add([_document.decode(line) for line in some])
    return changed


def portions(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield lines in portions, bounded by their number and by their bytes; a line that has more comes alone."""
    some: list[bytes] = []
    size = 0
    for line in lines:
        if some and (len(some) == MOST_ROWS or size + len(line) > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append(line)
        size += len(line)
    if some:
        yield some


def _add_facts(fact_files: FactFiles, manifest: Manifest, source: Path, watch: Watch) -> dict[str, int]:
    added: dict[str, int] = {}
    done = 0
    for name, file in sorted(manifest.facts.items()):
        watch(done, manifest.count, name)
        _check_file(source / name, file.file)
        new = fact_files.add(DATASETS[file.dataset], Month.parse(file.month), source / name)
        added[file.dataset] = added.get(file.dataset, 0) + new
        done += file.facts
        reach("import-file-added")
    watch(done, manifest.count, "")
    return added


def _check_file(path: Path, expected: CopiedFile) -> None:
    """Raise `ConfigurationError` unless a file is, byte by byte, the one that was exported."""
    try:
        with path.open("rb") as file:
            found = CopiedFile(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing from the export") from None
    if found != expected:
        raise ConfigurationError(f"{path} is not what was exported: the export is damaged")


@contextmanager
def _translated_errors(source: Path) -> Iterator[None]:
    """Say what keeps an import from being done."""
    try:
        yield
    except (StoreError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"can't import {source}: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"can't import {source}: {os.strerror(error.errno or 0)}") from None
