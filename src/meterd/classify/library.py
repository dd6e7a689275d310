"""All classifiers and profiles that requests may name."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from meterd.classify.errors import ClassifierNotFound, NotAUuid, ProfileNotFound
from meterd.classify.model import Classifier


class Detector(msgspec.Struct, frozen=True):
    """A classifier of a profile."""

    code: str
    version: int = 1


class Profile(msgspec.Struct, frozen=True):
    """Classifiers that run together; `uuid` is in lower case, with hyphens."""

    uuid: str
    name: str
    detectors: tuple[Detector, ...]
    version: int = 1
    description: str = ""
    is_default: bool = False
    custom: bool = False


class Library:
    """Immutable. Of classifiers with the same code and version, and profiles with the same uuid and version, the last
    one counts.
    """

    def __init__(self, classifiers: Iterable[Classifier], profiles: Iterable[Profile]) -> None:
        self._classifiers = {(one.code, one.version): one for one in classifiers}
        self._profiles = {(one.uuid, one.version): one for one in profiles}
        self._codes = {one.name: one.code for one in self._classifiers.values()}
        self._newest = {one.code: one for one in sorted(self._classifiers.values(), key=lambda one: one.version)}

    @property
    def classifiers(self) -> tuple[Classifier, ...]:
        return tuple(self._classifiers.values())

    @property
    def profiles(self) -> tuple[Profile, ...]:
        return tuple(self._profiles.values())

    def extended(self, classifiers: Iterable[Classifier], profiles: Iterable[Profile]) -> "Library":
        """Return a library with these too, in place of those with the same code or uuid."""
        return Library((*self.classifiers, *classifiers), (*self.profiles, *profiles))

    def classifier(self, code: str, version: int) -> Classifier:
        """Find a classifier by its code or its name. Raises `ClassifierNotFound`."""
        found = self._classifiers.get((code, version)) or self._classifiers.get((self._codes.get(code, ""), version))
        if found is None:
            raise ClassifierNotFound(code)
        return found

    def profile(self, uuid: str, version: int) -> Profile:
        """Find a profile. Raises `ProfileNotFound`, also when `uuid` is no uuid."""
        try:
            found = self._profiles.get((str(UUID(uuid)), version))
        except ValueError:
            raise NotAUuid(uuid) from None
        if found is None:
            raise ProfileNotFound(uuid)
        return found

    def members(self, profile: Profile) -> tuple[Classifier, ...]:
        """Return the classifiers of a profile. Raises `ClassifierNotFound`."""
        return tuple(map(self.member, profile.detectors))

    def member(self, detector: Detector) -> Classifier:
        """Find a member, in the newest version when the one that is named isn't there: AI Guard's profiles name others
        than exist.

        Raises `ClassifierNotFound`.
        """
        try:
            return self.classifier(detector.code, detector.version)
        except ClassifierNotFound:
            newest = self._newest.get(detector.code) or self._newest.get(self._codes.get(detector.code, ""))
            if newest is None:
                raise
            return newest
