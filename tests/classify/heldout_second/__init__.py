"""Documents of kinds that the first part doesn't have, with all that is sensitive in them marked.

Like the first part they were written apart from the classifiers, by somebody who had not seen their patterns. Whoever
changes the declarations in `meterd.classify.catalog` doesn't read these modules: they say how well a change does on
texts that nobody has looked at. All seeds are fixed.
"""

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
from tests.classify.heldout_second.document import Document, Mark, Part

__all__ = ["PART", "Document", "Mark"]

PART = Part(
    "second part",
    (
        *chats.SORTS,
        *mails.SORTS,
        *settings.SORTS,
        *programs.SORTS,
        *terminals.SORTS,
        *exports.SORTS,
        *keyboards.SORTS,
    ),
    (*ordinary_words.SORTS, *ordinary_files.SORTS),
)
