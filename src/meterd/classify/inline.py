"""Classifiers that a request defines, within limits, as whoever may classify may send them."""

import msgspec

from meterd.classify.definitions import InvalidDefinition, read
from meterd.classify.errors import LimitExceeded, UnusableClassifier
from meterd.classify.expressions import compiled
from meterd.classify.library import Library
from meterd.classify.model import Classifier, Dictionary, Expression, Validator
from meterd.classify.validators import UnknownValidator, validator
from meterd.classify.words import Words
from meterd.expressions.regular import InvalidExpression

MAX_WINDOW = 1_000


class InlineLimits(msgspec.Struct, frozen=True):
    """Limits of the definitions of a request together.

    `max_expressions` counts patterns and rules. `max_instructions` are those of all expressions, compiled, which bounds
    the work for a character; `max_work` bounds that of the patterns for all characters of a text.
    """

    max_bytes: int = 1 << 20
    max_classifiers: int = 100
    max_expressions: int = 500
    max_instructions: int = 100_000
    max_work: int = 4_000_000_000


class _Named(msgspec.Struct, forbid_unknown_fields=True):
    """A definition that only names a classifier."""

    name: str


def read_inline(definitions: bytes, library: Library, limits: InlineLimits) -> tuple[Classifier, ...]:
    """Return the classifiers of a JSON array of definitions.

    One with nothing but `name` is the library's of that name, version 1. Raises `UnusableClassifier`, and
    `LimitExceeded` for too many or too much.
    """
    if len(definitions) > limits.max_bytes:
        raise LimitExceeded(
            "inline.max_bytes", f"the definitions have {len(definitions)} bytes, at most {limits.max_bytes} are allowed"
        )
    raws = msgspec.json.decode(definitions, type=list[msgspec.Raw])
    if len(raws) > limits.max_classifiers:
        raise LimitExceeded(
            "inline.max_classifiers", f"there are {len(raws)} definitions, at most {limits.max_classifiers} are allowed"
        )
    budget = Budget(limits)
    return tuple(_classifier(place, bytes(raw), library, budget) for place, raw in enumerate(raws))


def _classifier(place: int, raw: bytes, library: Library, budget: "Budget") -> Classifier:
    which = f"classifiers[{place}]"
    try:
        named = msgspec.json.decode(raw, type=_Named)
    except (msgspec.DecodeError, RecursionError):
        named = None
    if named is not None:
        for known in library.classifiers:
            if known.name == named.name and known.version == 1:
                return known
        raise UnusableClassifier(
            f"{which} ({named.name})", "it has no `detections`, and no system classifier is called so"
        )
    try:
        classifier = read(raw)
        which = f"{which} ({classifier.name})"
        budget.spend(classifier)
    except (InvalidDefinition, InvalidExpression, UnknownValidator) as error:
        raise UnusableClassifier(which, str(error)) from None
    except LimitExceeded as error:
        raise LimitExceeded(error.limit, f"{which}: {error.message}") from None
    return classifier


class Budget:
    """The resources that the classifiers of a request have used together."""

    def __init__(self, limits: InlineLimits) -> None:
        self._limits = limits
        self._expressions = 0
        self._instructions = 0

    def spend(self, classifier: Classifier) -> None:
        """Count what a classifier costs.

        Raises `InvalidDefinition`, `InvalidExpression`, `UnknownValidator` when the classifier can't be run, and
        `LimitExceeded` when it is too much with those before.
        """
        self._expressions += len(classifier.patterns) + len(classifier.rules)
        if self._expressions > (maximum := self._limits.max_expressions):
            raise LimitExceeded(
                "inline.max_expressions", f"at most {maximum} detections and rules are allowed in a request"
            )
        for pattern in classifier.patterns:
            regexp = compiled(pattern.regex, pattern.ignore_case)
            if not 0 <= pattern.group <= regexp.groups:
                raise InvalidDefinition(f"`groupIndexes` has {pattern.group}, the regex has {regexp.groups} groups")
            self._spend(regexp.programsize)
        for rule in classifier.rules:
            if not (0 <= rule.before <= MAX_WINDOW and 0 <= rule.after <= MAX_WINDOW):
                raise InvalidDefinition(f"windows have 0 to {MAX_WINDOW} characters")
            self._spend(_instructions(rule.test))

    def _spend(self, instructions: int) -> None:
        self._instructions += instructions
        if self._instructions > (maximum := self._limits.max_instructions):
            raise LimitExceeded(
                "inline.max_instructions",
                f"its expressions, and those before, need {self._instructions} instructions, at most"
                f" {maximum} are allowed: repeat less, or a smaller class of characters",
            )


def _instructions(test: Expression | Dictionary | Validator) -> int:
    match test:
        case Expression(regex, ignore_case):
            return compiled(regex, ignore_case).programsize
        case Dictionary():
            return Words(test).regexp.programsize
        case Validator(name):
            validator(name)
    return 0
