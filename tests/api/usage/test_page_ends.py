"""Where pages of lists ended."""

from typing import Any

import pytest

from meterd.api.usage.page_ends import MAX_ENDS, MAX_LISTS, Beginning, PageEnds
from meterd.telemetry import Telemetry


@pytest.fixture
def ends() -> PageEnds:
    return PageEnds(Telemetry())


def test_a_page_begins_at_the_nearest_end_before_it(ends: PageEnds) -> None:
    for skip in (100, 200):
        ends.remember(b"list", skip, (skip, "x", None))

    expected: list[Any] = [Beginning(50), Beginning(0, (100, "x", None)), Beginning(50, (100, "x", None))]
    assert expected == [ends.beginning(b"list", skip) for skip in (50, 100, 150)]
    assert Beginning(7, (200, "x", None)) == ends.beginning(b"list", 207)
    assert Beginning(100) == ends.beginning(b"other", 100)


def test_the_first_page_begins_anew(ends: PageEnds) -> None:
    ends.remember(b"list", 100, (1,))

    assert Beginning(0) == ends.beginning(b"list", 0)
    assert Beginning(100) == ends.beginning(b"list", 100)


def test_no_more_is_remembered_than_there_is_room_for(ends: PageEnds) -> None:
    for number in range(MAX_ENDS + 1):
        ends.remember(b"list", number + 1, (number,))
    assert [Beginning(1), Beginning(0, (1,))] == [ends.beginning(b"list", skip) for skip in (1, 2)]

    for number in range(MAX_LISTS):
        ends.remember(b"%d" % number, 1, (number,))
    assert Beginning(2) == ends.beginning(b"list", 2)
    ends.remember(b"long", 1, ("x" * 2001,))
    assert Beginning(1) == ends.beginning(b"long", 1)
