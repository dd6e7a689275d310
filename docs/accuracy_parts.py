"""The held-out parts that are made of documents, as `classifier-accuracy.md` tells of them."""

from typing import NamedTuple

from tests.classify import heldout_second, heldout_third
from tests.classify.heldout_second.document import Part

Counts = tuple[tuple[int, int, int], ...]


class Documented(NamedTuple):
    """A part that is made of documents, what is said of it, and what was there, found and wrong when it was written.

    Its sorts of documents are shown once people who change the classifiers may look at what is missed.
    """

    part: Part
    said: str
    first_measured: Counts
    shows_sorts: bool
    before_it_was_read: Counts = ()
    """The same, just before people who change the classifiers looked at what is missed."""


DOCUMENTED = (
    Documented(
        heldout_second.PART,
        """\
The second held-out part is {documents:,} documents with {values:,} values, and {ordinary:,} ordinary ones with much
that looks like values. They are of sorts that the first part doesn't have: chats in which secrets are said rather
than assigned, letters in fourteen languages, settings, source code, commands, coloured output, JSON,
percent-encoding, entities, spreadsheets, scanned forms, and what keyboards make of blanks, dashes and digits. Each
value is marked by what tells it where it stands: nine digits are a social security number by their context, the same
with dashes by their form. A report that runs over two values of its kind finds neither. At first nobody who changed
the classifiers read them, so the rows "first measured" and "before it was read" are of texts that the classifiers
weren't made for. Then its misses and wrong reports were read and their kinds mended, so the rows "now" flatter. Since
then the colour that `grep` prints before a value isn't part of the value.
""",
        ((966, 703, 41), (494, 289, 7), (1_460, 992, 48), (790, 382, 2)),
        shows_sorts=True,
        before_it_was_read=((966, 931, 6), (494, 474, 9), (1_460, 1_405, 15), (790, 669, 17)),
    ),
    Documented(
        heldout_third.PART,
        """\
The third held-out part is {documents:,} documents with {values:,} values, and {ordinary:,} ordinary ones. Written
after the second, before anybody had looked at what is missed of that, by somebody who had seen neither misses nor
patterns, it has other sentences, layouts and forms of values, letters in more than thirty languages, and sorts
that the second part lacks: tickets, exports of chats, prompts and calls of tools, invitations, cards of contacts, forms
of hospitals and employers, tables, the state of containers, clusters and plans, archives of HTTP, signed addresses,
history of shells, builds, dumps of databases, and digits, blanks and marks of more scripts. After the first run a date
that could be read as one of birth, and wasn't marked, got another word. It isn't shown by sort, since
nobody who changes the classifiers should be led by it.
""",
        ((1_945, 1_877, 37), (825, 819, 34), (2_770, 2_696, 71), (1_898, 1_361, 32)),
        shows_sorts=False,
    ),
)
