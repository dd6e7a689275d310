"""Text classifiers: declarations, the engine that runs them, profiles that group them."""

from meterd.classify.engine import ByCodes, ByProfile, Engine, Inline, Limits, Match, Selection, codes, inline, profile
from meterd.classify.errors import (
    ClassifierNotFound,
    ClassifyError,
    LimitExceeded,
    ProfileNotFound,
    UnusableClassifier,
    UnusableSource,
)
from meterd.classify.library import Detector, Library, Profile
from meterd.classify.model import Likelihood

__all__ = [
    "ByCodes",
    "ByProfile",
    "ClassifierNotFound",
    "ClassifyError",
    "Detector",
    "Engine",
    "Inline",
    "Library",
    "Likelihood",
    "LimitExceeded",
    "Limits",
    "Match",
    "Profile",
    "ProfileNotFound",
    "Selection",
    "UnusableClassifier",
    "UnusableSource",
    "codes",
    "inline",
    "profile",
]
