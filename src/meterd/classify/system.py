"""The built-in classifiers: the catalog, what takes a language model, and the default profile."""

from meterd.classify import entities
from meterd.classify.catalog import DEFAULT_PROFILE, SYSTEM
from meterd.classify.library import Detector, Library, Profile

DEFAULT_UUID = "7dbf380f-0af8-4276-acb0-85413db2dbff"
"""Of the default profile, at version 1: what the SDK sends when its user chose none (`docs/specifications/ai-guard.md`
section 4.2).
"""


def system_library(*, with_entities: bool = False) -> Library:
    """Return all system classifiers, and the default profile, of those that are precise enough for any text.

    Those for entities are there, and in that profile, when there is a model to find them.
    """
    codes = (*DEFAULT_PROFILE, *(entities.DEFAULT if with_entities else ()))
    detectors = tuple(Detector(code) for code in codes)
    classifiers = (*SYSTEM, *(entities.CLASSIFIERS if with_entities else ()))
    return Library(classifiers, [Profile(DEFAULT_UUID, "Personal data and secrets", detectors, is_default=True)])
