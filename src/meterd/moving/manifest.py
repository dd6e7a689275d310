"""The manifest of an export: what is in it, and how each file must be."""

from datetime import datetime
from pathlib import Path

import msgspec

from meterd.backup import CopiedFile, created
from meterd.datasets import DATASETS
from meterd.durability import sync
from meterd.errors import ConfigurationError
from meterd.store.fact_files import Month

MANIFEST = "manifest.json"
DOCUMENTS = "directory.ndjson"
"""The file with what is kept besides facts, a document a line."""
_FORMAT = "meterd export 1"


class FactFile(msgspec.Struct, frozen=True, rename="camel"):
    """A file with the facts of a dataset in a month."""

    dataset: str
    month: str
    facts: int
    file: CopiedFile


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What an export is of: everything that was acknowledged before `began_at`. Files are named from its directory."""

    version: str
    installation: str
    began_at: datetime
    finished_at: datetime
    documents: int
    documents_file: CopiedFile
    facts: dict[str, FactFile]
    format: str = _FORMAT

    @property
    def count(self) -> int:
        return sum(each.facts for each in self.facts.values())

    @property
    def bytes(self) -> int:
        return self.documents_file.bytes + sum(each.file.bytes for each in self.facts.values())


def name_of(dataset: str, month: Month) -> str:
    """Return the name of a file from the directory of its export."""
    return f"{dataset}/{month}.parquet"


def write(directory: Path, manifest: Manifest) -> None:
    """Write the manifest, which makes the export whole."""
    partial = directory / f"{MANIFEST}.partial"
    with created(partial) as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    partial.rename(directory / MANIFEST)
    sync(directory)


def read(directory: Path) -> Manifest:
    """Read the manifest. Raises `ConfigurationError` when there is none, or one that means nothing here."""
    try:
        content = (directory / MANIFEST).read_bytes()
        head = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        if head.get("format") != msgspec.Raw(msgspec.json.encode(_FORMAT)):
            raise ConfigurationError(f"{directory} is no export of this version of meterd")
        manifest = msgspec.json.decode(content, type=Manifest)
    except OSError:
        raise ConfigurationError(f"{directory} is no whole export: it has no {MANIFEST}") from None
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{directory / MANIFEST} is not what an export writes: {error}") from None
    for name, each in manifest.facts.items():
        _check(name, each)
    return manifest


def _check(name: str, file: FactFile) -> None:
    """Raise `ConfigurationError` for a file of something that is not known here, or that lies elsewhere."""
    if file.dataset not in DATASETS:
        raise ConfigurationError(f"the export has facts of {file.dataset}, which this version of meterd does not know")
    try:
        month = Month.parse(file.month)
    except ValueError:
        month = None
    if month is None or name != name_of(file.dataset, month):
        raise ConfigurationError(f"{MANIFEST} names a file {name} that no export has")
