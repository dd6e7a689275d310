"""Writes `classifiers.md` beside this file from the declarations: `make docs`. A test compares the two."""

from collections.abc import Iterator
from pathlib import Path

from meterd.classify.catalog import DEFAULT_PROFILE, FAMILIES, SYSTEM
from meterd.classify.model import Classifier, Likelihood, Validator

PAGE = Path(__file__).with_name("classifiers.md")
_REPORTED = Likelihood.LIKELY
_INTRODUCTION = """\
# Classifiers

This page is generated from the declarations in `meterd.classify.catalog` (`make docs`). It lists the {count} system
classifiers. Requests and profiles may call one by its code or by its name; matches carry the
name. It is the code in upper case, but for {others}. All have version 1. The {default} that are marked belong to the
default profile.

What is found by its *form* is reported wherever it stands, more surely near a word for it. What is found by its
*context* is reported only near such a word, or when the name of the column or file has one. The last column names the
check digits or the like that findings are checked by.
"""


def page() -> str:
    """Return the whole page."""
    named = (f"`{one.code}`, which is `{one.name}`" for one in SYSTEM if one.name != one.code.upper())
    parts = [_INTRODUCTION.format(count=len(SYSTEM), default=len(DEFAULT_PROFILE), others=", ".join(named))]
    for heading, classifiers in FAMILIES.items():
        parts.append(f"\n## {heading}\n\n")
        parts.extend(_table(classifiers))
    return "".join(parts)


def _table(classifiers: tuple[Classifier, ...]) -> Iterator[str]:
    yield "| code | finds | about | found by | default | check |\n| --- | --- | --- | --- | --- | --- |\n"
    for classifier in classifiers:
        default = "yes" if classifier.code in DEFAULT_PROFILE else "–"
        yield (
            f"| `{classifier.code}` | {classifier.description} | {classifier.category.value} | {_way(classifier)} "
            f"| {default} | {_checks(classifier)} |\n"
        )


def _way(classifier: Classifier) -> str:
    return "form" if any(pattern.likelihood >= _REPORTED for pattern in classifier.patterns) else "context"


def _checks(classifier: Classifier) -> str:
    names = [rule.test.name for rule in classifier.rules if isinstance(rule.test, Validator)]
    return ", ".join(f"`{name}`" for name in names) or "–"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
