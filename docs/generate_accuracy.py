"""Writes `classifier-accuracy.md` beside this file from what is measured: `make docs`. A test compares the two.

It runs from the project's root, since the corpora are with the tests: `python -m docs.generate_accuracy`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from docs.accuracy_parts import DOCUMENTED, Documented
from tests.classify.accuracy import SELECTION, Accuracy, on_heldout, on_known
from tests.classify.document_accuracy import DocumentAccuracy, on_part
from tests.classify.heldout import BY_FORM, KINDS
from tests.classify.heldout_second.values import KnownBy

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

The held-out corpus was written apart from the classifiers, without looking at their patterns and words. It has
{texts:,} texts with one value each, of {kinds} kinds, and 2,000 paragraphs with nothing to find: code, logs, commits,
digests, tables, prices, orders, science, sports and prose in ten languages. Values are made by the published rules,
with right check digits. They stand in sentences in the language of their country, in chats, JSON, YAML, CSV, settings,
logs and code. The known corpus is smaller and easier, and was used while the classifiers were written, so its figures
flatter.

Some classifiers were mended after the first measurement had shown what they miss (the list is below). Since then the
held-out texts aren't independent of the classifiers: the rows "before mending", of the same texts, are the better
estimate for texts that nobody has looked at. After the first run, five kinds of the corpus itself were corrected too,
whose values were not as they are issued or could not be told without a word.

{parts}
A value is found when it is reported as a whole under its name. What is reported elsewhere or under another name is
wrong, except where two names are as right (`ALTERNATIVES` in `tests/classify/accuracy.py`), and where a token beside a
word like "key" or "password" is reported as such (in documents also as the password of an address or a header);
that isn't wrong, but it isn't found either. All texts are made up, and real ones are less regular: the figures compare
classifiers with each other and one version with the next, rather than say what you will see.

"""
_MENDED = (
    "ACCOUNT_PIN",
    "AR_CBU",
    "AWS_SECRET_ACCESS_KEY",
    "AZURE_STORAGE_KEY",
    "BASIC_AUTH_HEADER",
    "BE_NN",
    "BITBUCKET_REPOSITORY_TOKEN",
    "CARD_TRACK_DATA",
    "CA_SIN",
    "CLOUDFLARE_API_TOKEN",
    "CODECOV_TOKEN",
    "COORDINATES",
    "CZ_RC",
    "DATABRICKS_TOKEN",
    "DATE_OF_BIRTH",
    "DEFINED_NETWORKING_TOKEN",
    "DE_PHONE_NUMBER",
    "DUFFEL_TOKEN",
    "EASYPOST_KEY",
    "FACEBOOK_ACCESS_TOKEN",
    "FR_NIF",
    "GB_UTR",
    "HEROKU_API_KEY",
    "IBM_CLOUD_API_KEY",
    "IL_IDNR",
    "IS_KENNITALA",
    "IT_PHONE_NUMBER",
    "KUBERNETES_SECRET",
    "LOB_KEY",
    "LT_ASMENS",
    "MAPBOX_SECRET_TOKEN",
    "MY_NRIC",
    "NL_IDENTITEITSKAARTNUMMER",
    "PGP_PRIVATE_KEY",
    "PL_IDENTITY_CARD",
    "PUTTY_PRIVATE_KEY",
    "RU_SNILS",
    "SHIPPO_TOKEN",
    "SNYK_TOKEN",
    "US_BANK_ACCOUNT",
    "US_DRIVER_LICENSE",
    "US_EIN",
    "US_PASSPORT",
    "US_PHONE_NUMBER",
    "US_POST_OFFICE_BOX",
    "VERCEL_TOKEN",
)
"""Kinds that were found differently after a change that this corpus gave rise to."""
_BEFORE = (
    ("held out, before mending", 8_107, 7_398, 36),
    ("held out, found by a form or check digits, before mending", 6_899, 6_528, 34),
    ("held out, found by their context, before mending", 1_208, 870, 2),
)
"""There, found and wrong of the same texts with the classifiers as they were before it."""
_TOLD_BY = {
    "form": (KnownBy.FORM,),
    "check digits": (KnownBy.CHECK_DIGITS,),
    "form or check digits": (KnownBy.FORM, KnownBy.CHECK_DIGITS),
    "context": (KnownBy.CONTEXT,),
}
"""The rows of a part that is made of documents."""
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
_MENDED_AFTERWARDS = """
## Mended after the first measurement

{names}.
"""
_DOCUMENTS = """
## {part} by sort of document

Where nothing is there, the documents are ordinary ones.

"""
_UNMEASURED = """
## Not measured

The corpus has no texts for these classifiers of the default profile: {names}.
"""


def page(engine: Engine, known: Accuracy, heldout: Accuracy, documented: Sequence[DocumentAccuracy]) -> str:
    """Write the whole page; the last are of the parts of `DOCUMENTED`, in order."""
    by_form = [name for name in heldout.names if name in BY_FORM]
    by_context = [name for name in heldout.names if name not in BY_FORM]
    weak = [name for name in heldout.names if is_weak(heldout, name)]
    measured = tuple(zip(DOCUMENTED, documented, strict=True))
    overall = (
        _row("known", known, known.names),
        *(_cells(*counts) for counts in _BEFORE),
        _row("held out, now", heldout, heldout.names),
        _row("held out, found by a form or check digits, now", heldout, by_form),
        _row("held out, found by their context, now", heldout, by_context),
        *(row for one, accuracy in measured for row in _part_rows(one, accuracy)),
    )
    parts = [
        _INTRODUCTION.format(
            texts=heldout.there.total(),
            kinds=len({kind.name for kind in KINDS}),
            parts="\n".join(_said(one, accuracy) for one, accuracy in measured),
        ),
        *_table("corpus", overall),
    ]
    for heading, names in ((_FORM, by_form), (_CONTEXT, by_context), (_WEAK, weak)):
        parts.append(heading)
        parts += _table("classifier", (_row(f"`{name}`", heldout, [name]) for name in names))
    for one, accuracy in measured:
        if one.shows_sorts:
            parts.append(_DOCUMENTS.format(part=one.part.name.capitalize()))
            sorts = (*one.part.sorts, *one.part.ordinary_sorts)
            parts += _table("documents", (_row(sort.name, accuracy, [sort.name]) for sort in sorts))
    parts.append(_MENDED_AFTERWARDS.format(names=_codes(_MENDED)))
    if missing := unmeasured(engine, heldout):
        parts.append(_UNMEASURED.format(names=_codes(missing)))
    return "".join(parts)


def _said(one: Documented, accuracy: DocumentAccuracy) -> str:
    return one.said.format(
        documents=sum(1 for _ in one.part.documents()),
        values=sum(accuracy.there[key] for key in KnownBy),
        ordinary=sum(1 for _ in one.part.ordinary()),
    )


def _part_rows(one: Documented, accuracy: DocumentAccuracy) -> Iterator[tuple[str, ...]]:
    for when, measured in (("first measured", one.first_measured), ("before it was read", one.before_it_was_read)):
        for title, counts in zip(_TOLD_BY, measured, strict=bool(measured)):
            yield _cells(f"{one.part.name}, {title}, {when}", *counts)
    for title, keys in _TOLD_BY.items():
        yield _row(f"{one.part.name}, {title}, now", accuracy, keys)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def is_weak(accuracy: Accuracy, name: str) -> bool:
    """Below one of the bounds."""
    return accuracy.recall(name) < RECALL or accuracy.precision(name) < PRECISION


def unmeasured(engine: Engine, accuracy: Accuracy) -> list[str]:
    """Names of the classifiers of the default profile that no text is labelled with."""
    library = engine.library
    members = library.members(library.profile(SELECTION.uuid, SELECTION.version))
    return sorted(one.name for one in members if not accuracy.there[one.name])


def _row(title: str, accuracy: Accuracy | DocumentAccuracy, keys: Iterable[str]) -> tuple[str, ...]:
    chosen = tuple(keys)
    there, found, wrong = (
        sum(counts[key] for key in chosen) for counts in (accuracy.there, accuracy.found, accuracy.wrong)
    )
    return _cells(title, there, found, wrong)


def _cells(title: str, there: int, found: int, wrong: int) -> tuple[str, ...]:
    return (
        title,
        f"{there:,}",
        f"{found:,}",
        f"{wrong:,}",
        f"{found / there:.3f}" if there else "–",
        f"{found / (found + wrong):.3f}" if found or wrong else "–",
    )


def _table(first: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {first} | there | found | wrong | recall | precision |\n| --- | --- | --- | --- | --- | --- |\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


def main() -> None:
    engine = Engine(system_library())
    engine.prepare()
    documented = [on_part(engine, one.part) for one in DOCUMENTED]
    PAGE.write_text(page(engine, on_known(engine), on_heldout(engine), documented), encoding="utf-8")


if __name__ == "__main__":
    main()
