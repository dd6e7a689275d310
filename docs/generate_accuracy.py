"""Writes `classifier-accuracy.md` beside this file from what is measured: `make docs`. A test compares the two.

It runs from the project's root, since the corpora are with the tests: `python -m docs.generate_accuracy`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.classify.accuracy import SELECTION, Accuracy, on_heldout, on_known
from tests.classify.heldout import BY_FORM, KINDS

from meterd.classify import Engine
from meterd.classify.system import system_library

PAGE = Path(__file__).with_name("classifier-accuracy.md")
RECALL = 0.95
PRECISION = 0.9
"""A classifier below one of these is weak."""

_INTRODUCTION = """\
# Accuracy of the classifiers

How much the default profile finds of what there is (recall), and how much of what it reports is right (precision). The
page is generated: `make docs` measures anew and writes it, and a test compares it with what is measured.

The held-out corpus was written apart from the classifiers, without looking at their patterns and words. Nothing was
tuned to it, but defects that its first measurement showed were mended: keys found by their first line only, seven
tokens with forms that were not known, and numbers of other countries taken for American ones. It has {texts:,} texts
with one value each, of {kinds} kinds, and 2,000 paragraphs with nothing to find: code, logs, commits, digests, tables,
prices, orders, science, sports and prose in ten languages. Values are made by the published rules, with right check
digits. They stand in sentences in the language of their country, in chats, JSON, YAML, CSV, settings, logs and code.
The known corpus is smaller and easier, and was used while the classifiers were written, so its figures flatter.

A value is found when it is reported as a whole under its name. What is reported elsewhere or under another name is
wrong, except where two names are as right (`ALTERNATIVES` in `tests/classify/accuracy.py`), and where a token beside a
word like "key" or "password" is reported as such; that isn't wrong, but it isn't found either. All texts are made up,
and real ones are less regular: the figures compare classifiers with each other and one version with the next, rather
than say what you will see.

"""
_FORM = """
## Found by a form or check digits

These are also written without any word beside them.

"""
_CONTEXT = """
## Found by their context

Nobody could tell these without a word beside them, so they always have one.

"""
_WEAK = f"""
## The weak ones

Classifiers with a recall below {RECALL} or a precision below {PRECISION}.

"""
_UNMEASURED = """
## Not measured

The corpus has no texts for these classifiers of the default profile: {names}.
"""


def page(engine: Engine, known: Accuracy, heldout: Accuracy) -> str:
    """The whole page."""
    by_form = [name for name in heldout.names if name in BY_FORM]
    by_context = [name for name in heldout.names if name not in BY_FORM]
    weak = [name for name in heldout.names if is_weak(heldout, name)]
    overall = (
        _row("known", known, known.names),
        _row("held out", heldout, heldout.names),
        _row("held out, found by a form or check digits", heldout, by_form),
        _row("held out, found by their context", heldout, by_context),
    )
    parts = [
        _INTRODUCTION.format(texts=heldout.there.total(), kinds=len({kind.name for kind in KINDS})),
        *_table("corpus", overall),
    ]
    for heading, names in ((_FORM, by_form), (_CONTEXT, by_context), (_WEAK, weak)):
        parts.append(heading)
        parts += _table("classifier", (_row(f"`{name}`", heldout, [name]) for name in names))
    if missing := unmeasured(engine, heldout):
        parts.append(_UNMEASURED.format(names=", ".join(f"`{name}`" for name in missing)))
    return "".join(parts)


def is_weak(accuracy: Accuracy, name: str) -> bool:
    """Below one of the bounds."""
    return accuracy.recall(name) < RECALL or accuracy.precision(name) < PRECISION


def unmeasured(engine: Engine, accuracy: Accuracy) -> list[str]:
    """Names of the classifiers of the default profile that no text is labelled with."""
    library = engine.library
    members = library.members(library.profile(SELECTION.uuid, SELECTION.version))
    return sorted(one.name for one in members if not accuracy.there[one.name])


def _row(title: str, accuracy: Accuracy, names: Iterable[str]) -> tuple[str, ...]:
    chosen = tuple(names)
    there, found, wrong = (
        sum(counts[name] for name in chosen) for counts in (accuracy.there, accuracy.found, accuracy.wrong)
    )
    return (
        title,
        f"{there:,}",
        f"{found:,}",
        f"{wrong:,}",
        f"{accuracy.recall(*chosen):.3f}" if there else "–",
        f"{accuracy.precision(*chosen):.3f}" if found or wrong else "–",
    )


def _table(first: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {first} | there | found | wrong | recall | precision |\n| --- | --- | --- | --- | --- | --- |\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


def main() -> None:
    engine = Engine(system_library())
    engine.prepare()
    PAGE.write_text(page(engine, on_known(engine), on_heldout(engine)), encoding="utf-8")


if __name__ == "__main__":
    main()
