"""Documents of sorts and layouts that neither of the other parts has, with all that is sensitive in them marked.

They were written apart from the classifiers, by somebody who had seen neither their patterns nor what they miss of the
second part. Whoever changes the declarations in `meterd.classify.catalog` doesn't read these modules, nor what of them
is missed: they say how well a change does on texts that nobody has looked at. All seeds are fixed.
"""

from tests.classify.heldout_second.document import Part
from tests.classify.heldout_third import (
    conversations,
    dumps,
    forms,
    letters,
    machines,
    marks,
    offices,
    ordinary_machines,
    ordinary_talk,
    shells,
    sources,
    traffic,
)

__all__ = ["PART"]

PART = Part(
    "third part",
    (
        *conversations.SORTS,
        *offices.SORTS,
        *letters.SORTS,
        *forms.SORTS,
        *machines.SORTS,
        *traffic.SORTS,
        *shells.SORTS,
        *dumps.SORTS,
        *sources.SORTS,
        *marks.SORTS,
    ),
    (*ordinary_talk.SORTS, *ordinary_machines.SORTS),
)
