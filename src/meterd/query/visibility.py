"""Which facts a caller may see, as a condition that the engine adds to every query.

The rules are those of `docs/specifications/gateway-metrics-query.md` section 8: tenant administrators see their
tenant, everybody else sees
their own facts and those of their teams. `everyone` is no team to share through.
"""

import msgspec

from meterd.access import EVERYONE, Caller
from meterd.query.model import And, Compare, Comparison, Condition, Field, GroupElement, HasAny, Or, Query


def visible_facts(caller: Caller) -> Condition:
    """The condition on facts."""
    tenant = Compare(Field("tenant"), Comparison.EQUAL, caller.tenant)
    if caller.tenant_admin:
        return tenant
    own = And((
        Compare(Field("subject"), Comparison.EQUAL, caller.subject),
        Compare(Field("subject_type"), Comparison.EQUAL, str(caller.subject_type)),
    ))  # fmt: skip
    teams = _shared_teams(caller)
    return And((tenant, Or((own, HasAny("teams", teams))) if teams else own))


def visible_groups(query: Query, caller: Caller) -> Query:
    """The query with grouping by team restricted to teams that the caller is in."""
    if caller.tenant_admin:
        return query
    teams = _shared_teams(caller)
    groups = tuple(
        msgspec.structs.replace(group, only=teams)
        if isinstance(group, GroupElement) and group.column == "teams"
        else group
        for group in query.groups
    )
    return msgspec.structs.replace(query, groups=groups)


def _shared_teams(caller: Caller) -> tuple[str, ...]:
    return tuple(team for team in caller.teams if team != EVERYONE)
