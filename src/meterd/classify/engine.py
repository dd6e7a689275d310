"""Answers "what is in this text" for the classifiers that a request selects (`docs/specifications/ai-guard.md` section
4).
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from meterd.classify.entities import Recogniser
from meterd.classify.errors import LimitExceeded, UnusableClassifier
from meterd.classify.findings import Finding
from meterd.classify.inline import InlineLimits, read_inline
from meterd.classify.library import Library
from meterd.classify.model import Classifier, Dictionary, Likelihood, Pattern, Target
from meterd.classify.plan import Plan
from meterd.classify.prefilter import Prefilter
from meterd.classify.rules import Source

_SURROGATE = re.compile("[\ud800-\udfff]")
_PLANS = 64
"""Selections of the library that stay compiled."""
_INLINE_PLANS = 4
"""Definitions of requests that do; they push out none of the others."""


class Match(msgspec.Struct, frozen=True):
    """`text[start:end]` in code points; `confidence` from 0 to 100; `classifier` is the name."""

    start: int
    end: int
    confidence: int
    text: str
    classifier: str


class Limits(msgspec.Struct, frozen=True):
    """Limits of one text: its characters, how many matches it may have, and how many characters these together."""

    max_text_characters: int = 16_000_000
    max_matches: int = 10_000
    max_matched_characters: int = 2_000_000
    inline: InlineLimits = InlineLimits()


class ByProfile(msgspec.Struct, frozen=True):
    uuid: str
    version: int


class ByCodes(msgspec.Struct, frozen=True):
    """Classifiers by codes or names, each with its version; of none, nothing is found."""

    codes: tuple[tuple[str, int], ...]


class Inline(msgspec.Struct, frozen=True):
    """Classifiers by their definitions (`definitions.py`), as a JSON array."""

    definitions: bytes


Selection = ByProfile | ByCodes | Inline


def profile(uuid: str, version: int) -> ByProfile:
    """Return the classifiers of a profile."""
    return ByProfile(uuid, version)


def codes(pairs: Sequence[tuple[str, int]]) -> ByCodes:
    """Return classifiers by their code or name, and their version."""
    return ByCodes(tuple(pairs))


def inline(definitions: Sequence[object]) -> Inline:
    """Return the classifiers that the request defines. Raises `UnusableClassifier` for text that is not Unicode."""
    try:
        return Inline(msgspec.json.encode(definitions))
    except UnicodeEncodeError:
        raise UnusableClassifier("definitions", "there is half of a surrogate pair in them") from None
    except RecursionError:
        raise UnusableClassifier("definitions", "they are nested too deeply") from None


class Engine:
    """A library of classifiers, ready to run in any thread, within limits; those for entities need a `recogniser`.

    It works at once. After `prepare`, which takes a second or more and may run in a thread of its own, large selections
    are much faster.
    """

    def __init__(self, library: Library, recogniser: Recogniser | None = None, limits: Limits | None = None) -> None:
        self._recogniser = recogniser
        self._limits = limits or Limits()
        self._use(library, None)

    def _use(self, library: Library, prefilter: Prefilter | None) -> None:
        self._library = library

        def plan(selection: Selection) -> Plan:
            classifiers = _selected(library, selection, self._limits.inline)
            return Plan(classifiers, prefilter, self._recogniser)

        self._plan = functools.lru_cache(maxsize=_PLANS)(plan)
        self._inline_plan = functools.lru_cache(maxsize=_INLINE_PLANS)(plan)

    @property
    def library(self) -> Library:
        return self._library

    def prepare(self) -> None:
        """Compile the patterns of the library: first those of its profiles, which most texts are for, then all."""
        library = self._library
        named = {detector.code for profile in library.profiles for detector in profile.detectors}
        members = [one for one in library.classifiers if named & {one.code, one.name}]
        prefilter: Prefilter | None = None
        for classifiers in (members, library.classifiers):
            prefilter = Prefilter(_searched(classifiers), prefilter)
            if library is not self._library:
                return
            self._use(library, prefilter)

    def replace(self, library: Library) -> None:
        """Run another library from now on. Texts in work are finished with the old one; `prepare` again."""
        self._use(library, None)

    def classify(
        self,
        text: str,
        selection: Selection,
        metadata: Mapping[str, str] | None = None,
        minimum: Likelihood = Likelihood.LIKELY,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> list[Match]:
        """Return what the selected classifiers find, in order of start and end.

        Of the metadata, `objectName` and `xPath` name the object that the text came from. Half surrogate pairs count
        as U+FFFD, which keeps the offsets. Raises `ProfileNotFound`, `ClassifierNotFound`, `UnusableClassifier`,
        `LimitExceeded`, `TooSlow` with a recogniser, and `Abandoned` soon after the matches are not wanted any more.
        """
        limits = self._limits
        if len(text) > limits.max_text_characters:
            raise LimitExceeded(
                "max_text_characters",
                f"The text has {len(text)} characters, at most {limits.max_text_characters} are classified at once: "
                "send it in parts",
            )
        is_inline = isinstance(selection, Inline)
        plan = (self._inline_plan if is_inline else self._plan)(selection)
        if is_inline:
            _check_work(plan.instructions, len(text), limits.inline)
        given = metadata or {}
        name = " ".join(given[key] for key in ("objectName", "xPath") if given.get(key))
        source = Source.of(_SURROGATE.sub("\ufffd", text), _SURROGATE.sub("\ufffd", name))
        findings = plan.run(source, minimum, maximum=limits.max_matches, is_wanted=is_wanted)
        _check_size(findings, limits)
        return [
            Match(
                finding.start,
                finding.end,
                finding.likelihood.confidence,
                source.text[finding.start : finding.end],
                finding.classifier.name,
            )
            for finding in findings
        ]


def _searched(classifiers: Iterable[Classifier]) -> Iterator[Pattern | Dictionary]:
    """Return what tells that a classifier may find something: its patterns, and its context words."""
    for classifier in classifiers:
        yield from classifier.patterns
        for rule in classifier.rules:
            if isinstance(rule.test, Dictionary) and rule.target is Target.CONTEXT:
                yield rule.test


def _check_work(instructions: int, characters: int, limits: InlineLimits) -> None:
    if instructions * characters > limits.max_work:
        raise LimitExceeded(
            "inline.max_work",
            f"The definitions need {instructions} instructions for each of the text's {characters} characters, so at "
            f"most {limits.max_work // instructions} characters are classified with them at once: send less of either",
        )


def _check_size(findings: Sequence[Finding], limits: Limits) -> None:
    size = sum(finding.end - finding.start for finding in findings)
    if size > limits.max_matched_characters:
        raise LimitExceeded(
            "max_matched_characters",
            f"What is found in the text has {size} characters, at most {limits.max_matched_characters} are answered: "
            "send it in parts",
        )


def _selected(library: Library, selection: Selection, limits: InlineLimits) -> Sequence[Classifier]:
    match selection:
        case ByProfile(uuid, version):
            return library.members(library.profile(uuid, version))
        case ByCodes(pairs):
            return tuple({library.classifier(code, version): None for code, version in pairs})
        case Inline(definitions):
            return read_inline(definitions, library, limits)
