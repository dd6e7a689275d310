"""Classifiers as JSON (`docs/specifications/ai-guard.md` section 11.2), as requests and files carry them.

`boundary`, `family` and `yieldsTo` are ours. Keys without a meaning here are ignored, such as the display names; what
narrows a classifier and isn't understood is refused, as otherwise it would find too much.
"""

import re
from typing import Literal, cast

import msgspec

from meterd.classify.model import (
    Adjust,
    Boundary,
    Category,
    Classifier,
    Dictionary,
    Expression,
    Likelihood,
    Pattern,
    Rule,
    Set,
    Target,
    Validator,
)

Level = Literal["NO_MATCH", "VERY_UNLIKELY", "UNLIKELY", "POSSIBLE", "LIKELY", "VERY_LIKELY"]

_FLAGS = {"CASE_INSENSITIVE": "i", "MULTILINE": "m", "DOTALL": "s", "i": "i", "m": "m", "s": "s", "g": ""}
"""What each stands for in front of an expression; every find of a pattern counts, so `g` adds nothing."""
_SPELT_OTHERWISE = re.compile(rb'"include_expand"(?=\s*:)')


class InvalidDefinition(ValueError):
    """The JSON is no definition; the sentence says why."""


class _Wire(msgspec.Struct, rename="camel", omit_defaults=True):
    """An object with keys in camel case; what has its default value is left out."""


class PatternObject(_Wire):
    """A pattern as JSON. `flags`: letters of `gims`, or a list of them or of their names in Java."""

    regex: str
    flags: str | list[str] | None = None
    group_indexes: list[int] | None = None


class Prerequisite(_Wire):
    """A prerequisite as JSON. `requirements` of a text (such as `N`, digits) only save time, and are ignored here."""

    min_length: int = 0


class Detection(_Wire, kw_only=True):
    type: Literal["PATTERN"] = "PATTERN"
    pattern: PatternObject
    prerequisite: Prerequisite | None = None
    likelihood: Level = "LIKELY"
    boundary: Boundary = Boundary.ANYWHERE


class Window(_Wire):
    window_before: int = 0
    window_after: int = 0


class DictionaryObject(_Wire):
    terms: list[str]
    ignore_case: bool = False


class ValidatorObject(_Wire):
    type: str


class Adjustment(_Wire, kw_only=True):
    type: Literal["SET", "ADJUST"]
    set_likelihood: Level | None = None
    adjust_likelihood: int = 0


class DetectionRule(_Wire, kw_only=True):
    type: Literal["PATTERN", "DICTIONARY", "VALIDATOR"]
    target: Target = Target.FINDING
    inverse: bool = False
    include_expand: bool = False
    context: Window | None = None
    pattern: PatternObject | None = None
    dictionary: DictionaryObject | None = None
    validator: ValidatorObject | None = None
    likelihood_adjustment: Adjustment


class Metadata(_Wire):
    description: str = ""
    categories: list[str] = []


class Definition(_Wire, kw_only=True):
    VERSION: int = msgspec.field(default=1, name="VERSION")
    name: str
    ot_code: str = ""
    is_custom: bool = False
    metadata: Metadata | None = None
    detections: list[Detection] = []
    detection_rules: list[DetectionRule] = []
    family: str = ""
    yields_to: list[str] = []


def read(definition: bytes) -> Classifier:
    """Return a classifier from its JSON object. Raises `InvalidDefinition`; whether it can run is checked elsewhere."""
    try:
        wire = msgspec.json.decode(_SPELT_OTHERWISE.sub(b'"includeExpand"', definition), type=Definition)
    except RecursionError:
        raise InvalidDefinition("it is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidDefinition(str(error)) from None
    if not wire.name:
        raise InvalidDefinition("`name` is empty")
    if not wire.detections:
        raise InvalidDefinition("`detections` is empty, so it can't find anything")
    metadata = wire.metadata or Metadata()
    return Classifier(
        wire.ot_code or wire.name.lower(),
        wire.name,
        _category(metadata.categories),
        metadata.description,
        tuple(pattern for detection in wire.detections for pattern in _patterns(detection)),
        tuple(map(_rule, wire.detection_rules)),
        wire.VERSION,
        family=wire.family,
        yields_to=tuple(wire.yields_to),
    )


def _category(names: list[str]) -> Category:
    known = [category for category in Category if category.value in names]
    return known[0] if known else Category.OTHER


def _patterns(detection: Detection) -> list[Pattern]:
    prerequisite = detection.prerequisite or Prerequisite()
    regex, ignore_case = _expression(detection.pattern)
    return [
        Pattern(
            regex, Likelihood[detection.likelihood], ignore_case, group, detection.boundary, prerequisite.min_length
        )
        for group in detection.pattern.group_indexes or [0]
    ]


def _expression(pattern: PatternObject) -> tuple[str, bool]:
    """Return the regular expression with its flags, but for the one about case, in front."""
    unknown = [flag for flag in pattern.flags or () if flag not in _FLAGS]
    if unknown:
        raise InvalidDefinition(f"`flags` has {unknown[0]!r}, allowed are {', '.join(_FLAGS)}")
    flags = {_FLAGS[flag] for flag in pattern.flags or ()}
    inner = "".join(sorted(flags - {"i"}))
    return f"(?{inner}){pattern.regex}" if inner else pattern.regex, "i" in flags


def _rule(wire: DetectionRule) -> Rule:
    window = wire.context or Window()
    if wire.target is Target.CONTEXT and not (window.window_before > 0 or window.window_after > 0):
        raise InvalidDefinition("a `CONTEXT` rule needs `context` with `windowBefore` or `windowAfter`")
    return Rule(
        _test(wire),
        wire.target,
        _effect(wire.likelihood_adjustment),
        wire.inverse,
        wire.include_expand,
        window.window_before,
        window.window_after,
    )


def _test(wire: DetectionRule) -> Expression | Dictionary | Validator:
    match wire:
        case DetectionRule(type="PATTERN", pattern=PatternObject() as pattern):
            return Expression(*_expression(pattern))
        case DetectionRule(type="DICTIONARY", dictionary=DictionaryObject() as dictionary):
            return Dictionary(tuple(dictionary.terms), dictionary.ignore_case)
        case DetectionRule(type="VALIDATOR", validator=ValidatorObject() as validator):
            return Validator(validator.type)
    raise InvalidDefinition(f"a rule of type {wire.type} needs `{wire.type.lower()}`")


def _effect(wire: Adjustment) -> Set | Adjust:
    if wire.type == "ADJUST":
        return Adjust(wire.adjust_likelihood)
    if wire.set_likelihood is None:
        raise InvalidDefinition("a likelihoodAdjustment of type SET needs `setLikelihood`")
    return Set(Likelihood[wire.set_likelihood])


def write(classifier: Classifier, custom: bool = False) -> bytes:
    """Return the JSON object of a classifier, which `read` turns into the same one again but for its example."""
    return msgspec.json.encode(
        Definition(
            VERSION=classifier.version,
            name=classifier.name,
            ot_code=classifier.code,
            is_custom=custom,
            metadata=Metadata(classifier.description, [classifier.category.value]),
            detections=[_written_pattern(pattern) for pattern in classifier.patterns],
            detection_rules=[_written_rule(rule) for rule in classifier.rules],
            family=classifier.family,
            yields_to=list(classifier.yields_to),
        )
    )


def _written_pattern(pattern: Pattern) -> Detection:
    return Detection(
        pattern=PatternObject(pattern.regex, "i" if pattern.ignore_case else None, [pattern.group]),
        prerequisite=Prerequisite(pattern.minimum_length),
        likelihood=cast(Level, pattern.likelihood.name),
        boundary=pattern.boundary,
    )


def _written_rule(rule: Rule) -> DetectionRule:
    wire = DetectionRule(
        type="VALIDATOR",
        target=rule.target,
        inverse=rule.inverse,
        include_expand=rule.expand,
        context=Window(rule.before, rule.after),
        likelihood_adjustment=(
            Adjustment(type="SET", set_likelihood=cast(Level, rule.effect.likelihood.name))
            if isinstance(rule.effect, Set)
            else Adjustment(type="ADJUST", adjust_likelihood=rule.effect.levels)
        ),
    )
    match rule.test:
        case Expression(regex, ignore_case):
            wire.type, wire.pattern = "PATTERN", PatternObject(regex, "i" if ignore_case else None)
        case Dictionary(terms, ignore_case):
            wire.type, wire.dictionary = "DICTIONARY", DictionaryObject(list(terms), ignore_case)
        case Validator(name):
            wire.validator = ValidatorObject(name)
    return wire
