"""Visibility of facts: which a caller may see, and what of them, as the engine adds it to every query.

The rules are those of `docs/specifications/gateway-metrics-query.md` section 8: tenant administrators see their
tenant, everybody else sees their own facts and those of their teams. `everyone` is no team to share through. To who is
no administrator a fact is in no other teams than the caller: groups, filters, counts and lists know of no others.
"""

from collections.abc import Mapping
from typing import NamedTuple

from meterd.access import EVERYONE, Caller
from meterd.query.model import And, Compare, Comparison, Condition, Field, HasAny, Or


class Visibility(NamedTuple):
    """The condition on facts, and by array column the only elements that are seen of it; all of other columns."""

    condition: Condition
    elements: Mapping[str, tuple[str, ...]]


def visible_to(caller: Caller) -> Visibility:
    """Return what a caller may see."""
    tenant = Compare(Field("tenant"), Comparison.EQUAL, caller.tenant)
    if caller.tenant_admin:
        return Visibility(tenant, {})
    own = And(
        (
            Compare(Field("subject"), Comparison.EQUAL, caller.subject),
            Compare(Field("subject_type"), Comparison.EQUAL, str(caller.subject_type)),
        )
    )
    teams = tuple(team for team in caller.teams if team != EVERYONE)
    return Visibility(And((tenant, Or((own, HasAny("teams", teams))) if teams else own)), {"teams": teams})
