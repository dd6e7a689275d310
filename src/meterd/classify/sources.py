"""Profiles and classifiers of an operator, in a directory (`classification.client.type: fs`, `ai-guard.md` 11.1).

A profile is `<uuid>.json`, a classifier `<code>.json`; they add to what is built in, and replace what has the same code
or uuid and version there. `DirectorySource.changed` gives a new library when a file was added, removed or written.
"""

from pathlib import Path
from uuid import UUID

import msgspec

from meterd.classify.definitions import InvalidDefinition, read
from meterd.classify.errors import ClassifierNotFound, UnusableClassifier, UnusableSource
from meterd.classify.library import Detector, Library, Profile
from meterd.classify.model import Classifier
from meterd.classify.plan import Plan


class ProfileSetting(msgspec.Struct, rename="camel"):
    """A classifier of a profile. `threshold` and `sampleSize` are about scans of whole tables and have no effect."""

    detector_code: str
    detector_version: int = 1


class ProfileFile(msgspec.Struct, rename="camel"):
    id: str
    name: str
    profile_settings: list[ProfileSetting]
    profile_version: int = 1
    description: str | None = None
    is_default: bool = False
    custom: bool = False


State = frozenset[tuple[str, int, int]]
"""Name, time of the last change and size of each file."""


class DirectorySource:
    """A directory, whose files add to a library."""

    def __init__(self, directory: Path, base: Library) -> None:
        self._directory = directory
        self._base = base
        self._state: State | None = None

    def changed(self) -> Library | None:
        """The library, when it isn't what the last call saw; else None.

        Raises `UnusableSource`, naming the file, once for each state of the directory.
        """
        state = self._look()
        if state == self._state:
            return None
        self._state = state
        classifiers, profiles = [], []
        for name, _, _ in sorted(state):
            path = self._directory / name
            if _is_uuid(path.stem):
                profiles.append(_profile(path))
            else:
                classifiers.append(_classifier(path))
        library = self._base.extended(classifiers, profiles)
        for profile in profiles:
            try:
                library.members(profile)
            except ClassifierNotFound as error:
                raise UnusableSource(f"{profile.uuid}.json", error.message) from None
        return library

    def _look(self) -> State:
        try:
            stats = [(path.name, path.stat()) for path in self._directory.glob("*.json")]
            if not self._directory.is_dir():
                raise NotADirectoryError(20, "not a directory")
        except OSError as error:
            raise UnusableSource(str(self._directory), error.strerror or str(error)) from None
        return frozenset((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableSource(path.name, error.strerror or str(error)) from None


def _profile(path: Path) -> Profile:
    try:
        wire = msgspec.json.decode(_read(path), type=ProfileFile)
        uuid, named = UUID(wire.id), UUID(path.stem)
    except (ValueError, RecursionError) as error:
        raise UnusableSource(path.name, str(error)) from None
    if uuid != named:
        raise UnusableSource(path.name, f"its `id` is {wire.id}, which is not its file's name")
    detectors = tuple(Detector(setting.detector_code, setting.detector_version) for setting in wire.profile_settings)
    return Profile(
        str(uuid),
        wire.name,
        detectors,
        wire.profile_version,
        wire.description or "",
        wire.is_default,
        wire.custom,
    )


def _classifier(path: Path) -> Classifier:
    try:
        classifier = read(_read(path))
        Plan([classifier])
    except InvalidDefinition as error:
        raise UnusableSource(path.name, str(error)) from None
    except UnusableClassifier as error:
        raise UnusableSource(path.name, error.message) from None
    if classifier.code != path.stem:
        raise UnusableSource(path.name, f"its `otCode` is {classifier.code!r}, which is not its file's name")
    return classifier
