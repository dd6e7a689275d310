r"""The declaration of a classifier (`docs/specifications/ai-guard.md` section 11.2).

A classifier has patterns, which propose findings and a starting likelihood, and rules, which are applied to each
finding in order and raise, lower or remove it. Regular expressions are RE2's: no back-references, no look-around;
`\b`, `\d` and `\w` know ASCII only, `\pL` and `\pN` all letters and digits. What look-around would be needed
for, `Boundary` does.

Validators are named, in any case (`meterd.classify.validators` has the table), some with an argument after a colon:
`luhn` (digits, also in groups), `stdnum:us.ssn` (any module of python-stdnum), `phone:US` (valid in that region;
`phone:ZZ` for numbers that begin with a plus sign), `PHONE_NUMBER` (valid anywhere; without a plus sign read as one of
the United States), `entropy:3.5` (at least so many bits a character), `date:%d.%m.%Y`, `ipv4`, `ipv6`, `uuid`, `jwt`,
`basic_credentials`, `base58check`, `bech32`, `ripple`, `stellar`, `verhoeff`, `tld` (ends in a top-level domain that
looks like one), and the rules of `meterd.classify.check_digits`, as `vin` or `us_npi`.
"""

from enum import Enum, IntEnum
from typing import TypedDict, Unpack

import msgspec


class Likelihood(IntEnum):
    """The likelihood of a finding; the levels of `min-allowed-likelihood`, in order."""

    NO_MATCH = 0
    VERY_UNLIKELY = 1
    UNLIKELY = 2
    POSSIBLE = 3
    LIKELY = 4
    VERY_LIKELY = 5

    @property
    def confidence(self) -> int:
        """The level as `matches[].confidence`, 0 to 100 (section 11.3)."""
        return _CONFIDENCES[self]


_CONFIDENCES = {
    Likelihood.NO_MATCH: 0,
    Likelihood.VERY_UNLIKELY: 10,
    Likelihood.UNLIKELY: 25,
    Likelihood.POSSIBLE: 50,
    Likelihood.LIKELY: 75,
    Likelihood.VERY_LIKELY: 100,
}


class Category(Enum):
    """The subject of a system classifier; `metadata.categories` of its definition."""

    CONTACT = "Contact"
    CREDENTIAL = "Credential"
    DEMOGRAPHIC = "Demographic"
    FINANCIAL = "Financial"
    GOVERNMENT_ID = "Government ID"
    HEALTH = "Health"
    LOCATION = "Location"
    NETWORK = "Network"
    ORGANISATION = "Organisation"
    TECHNICAL = "Technical"
    VEHICLE = "Vehicle"
    OTHER = "Other"


class Boundary(Enum):
    """The boundary of a finding: where it may begin and end; other finds of a pattern are dropped, not shortened.

    `WORD`: not beside a letter, a digit or `_`. `NUMBER`: moreover not beside a `-`, `.` or `/` that has a digit on its
    other side, so not within a longer number. `ANYWHERE`: no condition. Letters are those of all scripts that have
    blanks between words.
    """

    ANYWHERE = "anywhere"
    WORD = "word"
    NUMBER = "number"


class Pattern(msgspec.Struct, frozen=True):
    """Proposes findings: what `group` matched, the whole match being 0. A group that did not take part finds nothing.

    Findings of one pattern do not overlap. Write longer alternatives first, as the first that matches is taken.
    """

    regex: str
    likelihood: Likelihood = Likelihood.LIKELY
    ignore_case: bool = False
    group: int = 0
    boundary: Boundary = Boundary.NUMBER
    minimum_length: int = 0
    """Texts of fewer characters are not searched."""
    sign: str = ""
    """A smaller expression that occurs wherever this one matches: only texts that have it are searched."""


class Set(msgspec.Struct, frozen=True):
    """An effect that gives the finding this likelihood. `NO_MATCH` removes it for good."""

    likelihood: Likelihood


class Adjust(msgspec.Struct, frozen=True):
    """An effect that raises the likelihood by levels, or lowers it, within `VERY_UNLIKELY` and `VERY_LIKELY`."""

    levels: int


class Target(Enum):
    """The part of a finding or its surroundings that a rule tests.

    `CONTEXT` is the text before the finding and the text after it, each on its own. `OBJECT_NAME` is the name of the
    column or file that the text came from; it is searched as words (`homePhone_2` is `home Phone 2`).
    """

    FINDING = "FINDING"
    CONTEXT = "CONTEXT"
    OBJECT_NAME = "OBJECT_NAME"


class Expression(msgspec.Struct, frozen=True):
    """A test that is met where the regular expression matches in the target; anywhere, unless `^` or `$` anchor it."""

    regex: str
    ignore_case: bool = False


class Dictionary(msgspec.Struct, frozen=True):
    """A test that is met where the target has one of the terms as whole words.

    Words of a term may be joined as names in programs are: `date of birth` is met by `date_of_birth`, `date-of-birth`
    and `dateOfBirth` too, `phone` by `homePhone`.
    """

    terms: tuple[str, ...]
    ignore_case: bool = True


class Validator(msgspec.Struct, frozen=True):
    """A test that is met when the validator of this name accepts the whole target."""

    name: str


class Rule(msgspec.Struct, frozen=True):
    """A rule: when `test` is met by the target (with `inverse`: when it is not), `effect` happens to the finding.

    `before` and `after` are the characters of context that a `CONTEXT` rule sees. With `expand` what the test matched
    in the context, and all between, becomes part of the finding.
    """

    test: Expression | Dictionary | Validator
    target: Target
    effect: Set | Adjust
    inverse: bool = False
    expand: bool = False
    before: int = 30
    after: int = 0


class Classifier(msgspec.Struct, frozen=True):
    """Finds one kind of thing.

    `code` (lower case) is what requests and profiles may call it, `name` (upper case) is what matches carry.

    A finding is left out when a classifier that is named in `yields_to`, by its code or by its `family`, reports a
    finding that overlaps it. If both yield to each other, and of findings of the same classifier, the less likely one
    is left out, then the one that begins later, then the shorter one.
    """

    code: str
    name: str
    category: Category
    description: str
    patterns: tuple[Pattern, ...]
    rules: tuple[Rule, ...] = ()
    version: int = 1
    example: str = ""
    """A text that the classifier finds something in, at the default minimum, `LIKELY`."""
    family: str = ""
    yields_to: tuple[str, ...] = ()
    entity: str = ""
    """A kind of entity (`entities.py`), which a language model proposes besides what the patterns do."""


def formatted(
    regex: str, *, ignore_case: bool = False, group: int = 0, boundary: Boundary = Boundary.NUMBER
) -> Pattern:
    """Declare a form that speaks for itself, as by its separators: `LIKELY` without any context."""
    return Pattern(regex, Likelihood.LIKELY, ignore_case, group, boundary)


def bare(regex: str, *, ignore_case: bool = False, group: int = 0, boundary: Boundary = Boundary.NUMBER) -> Pattern:
    """Declare a form that many things have, as a run of digits: `UNLIKELY`, so by default reported only near a context
    word.
    """
    return Pattern(regex, Likelihood.UNLIKELY, ignore_case, group, boundary)


def require(test: Expression | Validator | str) -> Rule:
    """Declare that findings which do not meet the test are removed. A string is a validator's name."""
    met = Validator(test) if isinstance(test, str) else test
    return Rule(met, Target.FINDING, Set(Likelihood.NO_MATCH), inverse=True)


def refuse(test: Expression | Dictionary | Validator | str, target: Target = Target.FINDING) -> Rule:
    """Declare that findings which meet the test are removed. A string is a regular expression."""
    met = Expression(test) if isinstance(test, str) else test
    return Rule(met, target, Set(Likelihood.NO_MATCH))


def near(*terms: str, before: int = 30, after: int = 0, likelihood: Likelihood = Likelihood.VERY_LIKELY) -> Rule:
    """Declare that one of the words around a finding sets its likelihood."""
    return Rule(Dictionary(terms), Target.CONTEXT, Set(likelihood), before=before, after=after)


def within(*terms: str, likelihood: Likelihood = Likelihood.VERY_LIKELY) -> Rule:
    """Declare that one of the words in the object's name sets the likelihood of its findings."""
    return Rule(Dictionary(terms), Target.OBJECT_NAME, Set(likelihood))


def expand(regex: str, *, before: int = 0, after: int = 0, ignore_case: bool = False) -> Rule:
    """Declare that what matches in the context joins the finding, whose likelihood stays.

    Anchor it: `...$` before, `^...` after.
    """
    return Rule(Expression(regex, ignore_case), Target.CONTEXT, Adjust(0), expand=True, before=before, after=after)


class Details(TypedDict, total=False):
    """The members of a classifier that say what it is for, and how it stands to others."""

    category: Category
    description: str
    example: str
    family: str
    yields_to: tuple[str, ...]


def identifier(
    code: str,
    name: str,
    *patterns: str | Pattern,
    validator: str | None = None,
    context: tuple[str, ...] = (),
    before: int = 30,
    after: int = 0,
    rules: tuple[Rule, ...] = (),
    **details: Unpack[Details],
) -> Classifier:
    """Declare a number or code: removed when the validator refuses it, `VERY_LIKELY` near a context word.

    A pattern given as a string is `formatted`. The context words also count in the object's name. `rules` are applied
    last. It is a government's unless another category is given.
    """
    declared = tuple(formatted(pattern) if isinstance(pattern, str) else pattern for pattern in patterns)
    checks = () if validator is None else (require(validator),)
    words = (near(*context, before=before, after=after), within(*context)) if context else ()
    known: Details = {"category": Category.GOVERNMENT_ID, "description": "", **details}
    return Classifier(code=code, name=name, patterns=declared, rules=(*checks, *words, *rules), **known)


def secret(
    code: str,
    name: str,
    *regexes: str,
    validator: str | None = None,
    group: int = 0,
    boundary: Boundary = Boundary.WORD,
    rules: tuple[Rule, ...] = (),
    **details: Unpack[Details],
) -> Classifier:
    """Declare a credential of a known form: `VERY_LIKELY` by its form alone, removed when the validator refuses it."""
    patterns = tuple(Pattern(regex, Likelihood.VERY_LIKELY, group=group, boundary=boundary) for regex in regexes)
    checks = () if validator is None else (require(validator),)
    known: Details = {"category": Category.CREDENTIAL, "description": "", "family": "secret", **details}
    return Classifier(code=code, name=name, patterns=patterns, rules=(*checks, *rules), **known)
