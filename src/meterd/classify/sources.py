"""Profiles and classifiers of an operator, in a directory (`classification.client.type: fs`,
`docs/specifications/ai-guard.md` 11.1).

A profile is `<uuid>.json`, a classifier `<code>.json`; they add to what is built in, and replace what has the same code
or uuid and version there.
"""

from pathlib import Path
from uuid import UUID

from meterd.classify.errors import UnusableSource
from meterd.classify.library import Library, Profile
from meterd.classify.model import Classifier
from meterd.classify.records import extended, read_classifier, read_profile

State = frozenset[tuple[str, int, int]]
"""Name, time of the last change and size of each file."""


class DirectorySource:
    """Reads a directory, whose files add to a library."""

    def __init__(self, directory: Path, base: Library) -> None:
        self._directory = directory
        self._base = base
        self._state: State | None = None

    def changed(self) -> Library | None:
        """Return the library, when a file was added, removed or written since it was read last; else None.

        Raises `UnusableSource`, naming the file, for as long as one can't be used.
        """
        state = self._look()
        if state == self._state:
            return None
        classifiers, profiles = [], []
        for name, _, _ in sorted(state):
            path = self._directory / name
            if (uuid := _uuid(path)) is None:
                classifiers.append(_classifier(path))
            else:
                profiles.append(_profile(path, uuid))
        library = extended(self._base, classifiers, profiles)
        self._state = state
        return library

    def _look(self) -> State:
        try:
            stats = [(path.name, path.stat()) for path in self._directory.glob("*.json")]
            if not self._directory.is_dir():
                raise NotADirectoryError(20, "not a directory")
        except OSError as error:
            raise UnusableSource(str(self._directory), error.strerror or str(error)) from None
        return frozenset((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _uuid(path: Path) -> UUID | None:
    try:
        return UUID(path.stem)
    except ValueError:
        return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableSource(path.name, error.strerror or str(error)) from None


def _profile(path: Path, uuid: UUID) -> Profile:
    profile = read_profile(_read(path), path.name)
    if profile.uuid != str(uuid):
        raise UnusableSource(path.name, f"its `id` is {profile.uuid}, which is not its file's name")
    return profile


def _classifier(path: Path) -> Classifier:
    classifier = read_classifier(_read(path), path.name)
    if classifier.code != path.stem:
        raise UnusableSource(path.name, f"its `otCode` is {classifier.code!r}, which is not its file's name")
    return classifier
