"""Short forms for the tables of this package."""

import re
import string

from meterd.classify.model import (
    Category,
    Classifier,
    Dictionary,
    Likelihood,
    Pattern,
    Rule,
    Set,
    Target,
    identifier,
    secret,
)

DIGITS = string.digits
HEXADECIMAL = string.digits + "abcdef"
UPPER = string.ascii_uppercase + string.digits
LOWER = string.ascii_lowercase + string.digits
ALPHANUMERIC = string.ascii_letters + string.digits
URL_SAFE = ALPHANUMERIC + "_-"

_CLASSES = {
    DIGITS: "[0-9]",
    HEXADECIMAL: "[0-9a-f]",
    UPPER: "[0-9A-Z]",
    LOWER: "[0-9a-z]",
    ALPHANUMERIC: "[0-9A-Za-z]",
    URL_SAFE: "[0-9A-Za-z_-]",
}


def acronyms(*terms: str, likelihood: Likelihood = Likelihood.VERY_LIKELY) -> Rule:
    """A capitalised abbreviation before the finding sets its likelihood; in lower case it would be another word."""
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
    """A number that `stdnum.<module>` validates; its code is the module's name, as `us_ssn` for `us.ssn`.

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
        rules=(acronyms(*capitals),) if capitals else (),
        yields_to=yields_to,
    )


def token(
    code: str, description: str, prefix: str, alphabet: str, least: int, most: int | None = None, suffix: str = ""
) -> Classifier:
    """A credential that is a fixed prefix, `least` to `most` characters of an alphabet (exactly `least` if `most` is
    not given, any number more if it is 0), and a fixed suffix."""
    count = {None: f"{{{least}}}", 0: f"{{{least},}}"}.get(most, f"{{{least},{most}}}")
    return secret(
        code,
        code.upper(),
        f"{re.escape(prefix)}{_CLASSES[alphabet]}{count}{re.escape(suffix)}",
        description=description,
        example=f"{prefix}{drawn(alphabet, least)}{suffix}",
    )


def drawn(alphabet: str, length: int) -> str:
    """Characters that look random and are always the same, so that no example in this package looks like a leak."""
    state, characters = length, []
    for _ in range(length):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        characters.append(alphabet[(state >> 12) % len(alphabet)])
    return "".join(characters)
