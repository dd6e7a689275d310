"""Documents of kinds that the first part doesn't have, with all that is sensitive in them marked.

Like the first part they were written apart from the classifiers, by somebody who had not seen their patterns. Whoever
changes the declarations in `meterd.classify.catalog` doesn't read these modules: they say how well a change does on
texts that nobody has looked at. All seeds are fixed.
"""

from collections.abc import Iterator

from tests.classify.heldout_second import (
    chats,
    exports,
    keyboards,
    mails,
    ordinary_files,
    ordinary_words,
    programs,
    settings,
    terminals,
)
from tests.classify.heldout_second.document import Document, Mark

__all__ = ["ORDINARY_SORTS", "SORTS", "Document", "Mark", "documents", "ordinary"]

SORTS = (
    *chats.SORTS,
    *mails.SORTS,
    *settings.SORTS,
    *programs.SORTS,
    *terminals.SORTS,
    *exports.SORTS,
    *keyboards.SORTS,
)
"""Of documents that hold values."""
ORDINARY_SORTS = (*ordinary_words.SORTS, *ordinary_files.SORTS)
"""Of documents with much that looks sensitive, and nothing that is."""


def documents() -> Iterator[Document]:
    """Every document with values."""
    for sort in SORTS:
        yield from sort.documents()


def ordinary() -> Iterator[Document]:
    """Every document without any."""
    for sort in ORDINARY_SORTS:
        yield from sort.documents()
