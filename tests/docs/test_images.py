"""The pictures of the documentation are small, and each is shown by a page; `docs/screenshots.py` makes them."""

import re

from docs.screenshots import KEPT, MAX_KEPT_BYTES

from tests.docs.markdown import PAGES

_SHOWN = re.compile(r'(?:\]\(|src="|srcset=")([\w./-]*images/[\w.-]+)')


def test_pictures_are_small() -> None:
    assert [path.name for path in KEPT.iterdir() if path.stat().st_size > MAX_KEPT_BYTES] == []


def test_every_picture_is_shown_and_every_one_that_is_shown_is_there() -> None:
    shown = {(page.parent / path).resolve() for page in PAGES for path in _SHOWN.findall(page.read_text())}
    assert shown == set(KEPT.iterdir())
