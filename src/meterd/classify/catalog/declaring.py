"""Short forms for the tables of this package."""

import re
import string
from typing import TypedDict, Unpack

from meterd.classify.model import (
    Boundary,
    Category,
    Classifier,
    Details,
    Dictionary,
    Expression,
    Likelihood,
    Pattern,
    Rule,
    Set,
    Target,
    identifier,
    near,
    require,
    within,
)

DIGITS = string.digits
HEXADECIMAL = string.digits + "abcdef"
UPPER = string.ascii_uppercase + string.digits
LOWER = string.ascii_lowercase + string.digits
ALPHANUMERIC = string.ascii_letters + string.digits
BASE32 = string.ascii_uppercase + "234567"
URL_SAFE = ALPHANUMERIC + "_-"

_CLASSES = {
    DIGITS: "[0-9]",
    HEXADECIMAL: "[0-9a-f]",
    UPPER: "[0-9A-Z]",
    LOWER: "[0-9a-z]",
    ALPHANUMERIC: "[0-9A-Za-z]",
    URL_SAFE: "[0-9A-Za-z_-]",
}


def terms(*lists: str) -> tuple[str, ...]:
    """Return the words of some lists, which have commas between them."""
    return tuple(dict.fromkeys(term.strip() for one in lists for term in one.split(",")))


def acronyms(*terms: str, likelihood: Likelihood = Likelihood.VERY_LIKELY) -> Rule:
    """Declare that a capitalised abbreviation before the finding sets its likelihood; in lower case it would be another
    word.
    """
    return Rule(Dictionary(terms, ignore_case=False), Target.CONTEXT, Set(likelihood))


def number(
    module: str,
    description: str,
    example: str,
    *patterns: str | Pattern,
    words: tuple[str, ...] = (),
    capitals: tuple[str, ...] = (),
    category: Category = Category.GOVERNMENT_ID,
    yields_to: tuple[str, ...] = (),
) -> Classifier:
    """Declare a number that `stdnum.<module>` validates; its code is the module's name, as `us_ssn` for `us.ssn`.

    `words` and `capitals` are context words without and with regard to their case.
    """
    code = "_".join(part.strip("_") for part in module.split("."))
    return identifier(
        code,
        code.upper(),
        *patterns,
        category=category,
        description=description,
        example=example,
        validator=f"stdnum:{module}",
        context=words,
        before=40,
        rules=(acronyms(*capitals),) if capitals else (),
        yields_to=yields_to,
    )


_MIXED = tuple(require(Expression(kind)) for kind in ("[0-9]", "[A-Z]", "[a-z]"))
"""Random text in base 62 or 64 has digits and letters of both cases; names, slugs, paths and digests do not."""


def credential(
    code: str,
    *regexes: str,
    group: int = 0,
    boundary: Boundary = Boundary.WORD,
    entropy: float = 3.0,
    mixed: bool = False,
    words: tuple[str, ...] = (),
    **details: Unpack[Details],
) -> Classifier:
    """Declare a provider's credential in its published form, unless it has less than `entropy` bits a character.

    `mixed` ones must pass `_MIXED`. Where `words` are given, other things have the form too, and one of them must be
    near.
    """
    likelihood = Likelihood.UNLIKELY if words else Likelihood.VERY_LIKELY
    known: Details = {"category": Category.CREDENTIAL, "family": "secret", **details}
    return Classifier(
        code=code,
        name=code.upper(),
        patterns=tuple(Pattern(regex, likelihood, group=group, boundary=boundary) for regex in regexes),
        rules=(
            require(f"entropy:{entropy}"),
            *(_MIXED if mixed else ()),
            *((near(*words, before=40), within(*words)) if words else ()),
        ),
        **known,
    )


UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"


def beside(provider: str, form: str) -> str:
    """Return an expression for a value of a common form right after its provider and a word for it, in group 1."""
    return (
        rf"(?i:{provider})[ _-]?(?i:(?:api|auth|access|upload|account)?[ _-]?(?:key|token))?[\"'\])]{{0,2}}"
        rf"[ \t]{{0,4}}(?:[:=]|(?i:is)[ \t])[ \t]{{0,4}}[\"']?({form})"
    )


class Conditions(TypedDict, total=False):
    """What a credential must satisfy besides its form, as `credential` has it."""

    mixed: bool
    words: tuple[str, ...]


def token(
    code: str,
    description: str,
    prefix: str,
    alphabet: str,
    minimum: int,
    maximum: int | None = None,
    **conditions: Unpack[Conditions],
) -> Classifier:
    """Declare a credential that is a fixed prefix and `minimum` to `maximum` characters of an alphabet.

    Exactly `minimum` if `maximum` is not given, any number more if it is 0. With words for it, the example has the
    first one.
    """
    count = {None: f"{{{minimum}}}", 0: f"{{{minimum},}}"}.get(maximum, f"{{{minimum},{maximum}}}")
    words = conditions.get("words", ())
    return credential(
        code,
        f"{re.escape(prefix)}{_CLASSES[alphabet]}{count}",
        description=description,
        example=" ".join((*words[:1], f"{prefix}{drawn(alphabet, minimum)}")),
        **conditions,
    )


def drawn(alphabet: str, length: int) -> str:
    """Return characters that look random and are always the same: no example here may look like a leak."""
    state, characters = length, []
    for _ in range(length):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        characters.append(alphabet[(state >> 12) % len(alphabet)])
    return "".join(characters)
