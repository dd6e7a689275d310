"""All that may stand in a place of a template of this part, by its name, and sorts of documents with such places."""

from functools import partial

from tests.classify.heldout_second.document import Places, Sort
from tests.classify.heldout_second.values import FIRST
from tests.classify.heldout_third.groups import GROUPS
from tests.classify.heldout_third.identities import identities
from tests.classify.heldout_third.numbers import accounts, births, cards, telephones
from tests.classify.heldout_third.secrets import mails, secrets

PLACES = Places(FIRST | accounts() | births() | cards() | telephones() | secrets() | mails() | identities(), GROUPS)
sort = partial(Sort, places=PLACES)
