"""Profiles and classifiers of an operator as JSON (`docs/specifications/ai-guard.md` section 11), added to a library.

The records are those of AI Guard. Keys without a meaning here are ignored.
"""

from collections.abc import Sequence
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


class ProfileRecord(msgspec.Struct, rename="camel"):
    id: str
    name: str
    profile_settings: list[ProfileSetting]
    profile_version: int = 1
    description: str | None = None
    is_default: bool = False
    custom: bool = False


class Document(msgspec.Struct):
    """All records of an operator together."""

    profiles: list[msgspec.Raw]
    classifiers: list[msgspec.Raw] = []


def read_profile(record: bytes | msgspec.Raw, where: str) -> Profile:
    """Read a profile. Raises `UnusableSource`, which says `where`."""
    try:
        wire = msgspec.json.decode(record, type=ProfileRecord)
        uuid = UUID(wire.id)
    except (ValueError, RecursionError) as error:
        raise UnusableSource(where, str(error)) from None
    return Profile(
        str(uuid),
        wire.name,
        tuple(Detector(setting.detector_code, setting.detector_version) for setting in wire.profile_settings),
        wire.profile_version,
        wire.description or "",
        wire.is_default,
        wire.custom,
    )


def read_classifier(record: bytes | msgspec.Raw, where: str) -> Classifier:
    """Return a classifier that can run. Raises `UnusableSource`, which says `where`."""
    try:
        classifier = read(bytes(record))
        Plan([classifier])
    except InvalidDefinition as error:
        raise UnusableSource(where, str(error)) from None
    except UnusableClassifier as error:
        raise UnusableSource(where, error.message) from None
    return classifier


def extended(base: Library, classifiers: Sequence[Classifier], profiles: Sequence[Profile]) -> Library:
    """Return a library with these too; the profiles have these classifiers rather than others of the same code.

    Raises `UnusableSource` for a profile with a classifier that nobody has.
    """
    own = Library(classifiers, ())
    pinned = [_pinned(profile, own) for profile in profiles]
    library = base.extended(classifiers, pinned)
    for profile in pinned:
        try:
            library.members(profile)
        except ClassifierNotFound as error:
            raise UnusableSource(f"profile {profile.uuid}", error.message) from None
    return library


def _pinned(profile: Profile, own: Library) -> Profile:
    detectors = []
    for detector in profile.detectors:
        try:
            found = own.member(detector)
        except ClassifierNotFound:
            detectors.append(detector)
        else:
            detectors.append(Detector(found.code, found.version))
    return msgspec.structs.replace(profile, detectors=tuple(detectors))


def read_document(document: bytes, base: Library) -> Library:
    """Return a library with all that a `Document` holds. Raises `UnusableSource`, which names the record."""
    try:
        records = msgspec.json.decode(document, type=Document)
    except (ValueError, RecursionError) as error:
        raise UnusableSource("the document", str(error)) from None
    return extended(
        base,
        [read_classifier(record, f"classifiers[{place}]") for place, record in enumerate(records.classifiers)],
        [read_profile(record, f"profiles[{place}]") for place, record in enumerate(records.profiles)],
    )
