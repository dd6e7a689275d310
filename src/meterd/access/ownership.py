"""Whose something is, and who may see or change it (`docs/specifications/gateway-metrics-query.md` section 8)."""

from typing import Protocol

from meterd.access.model import EVERYONE, Caller, Scope


class Owned(Protocol):
    """What belongs to a subject and its teams."""

    @property
    def tenant(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def subject_type(self) -> str: ...
    @property
    def teams(self) -> tuple[str, ...]: ...


def is_shared(one: Owned, other: Owned) -> bool:
    """Tell whether both are in one tenant, and of one subject or of a team that both have."""
    if one.tenant != other.tenant:
        return False
    own = (one.subject, str(one.subject_type)) == (other.subject, str(other.subject_type))
    return own or bool((set(one.teams) & set(other.teams)) - {EVERYONE})


def may_see(caller: Caller, owned: Owned) -> bool:
    """Tell whether a caller may see it: one's own, one's teams', an administrator's tenant's."""
    return is_shared(caller, owned) or (caller.tenant_admin and caller.tenant == owned.tenant)


def may_write(caller: Caller, owned: Owned) -> bool:
    """Tell whether a caller may change it: as seeing; who reports for others may write to all of the tenant."""
    reports_for_others = Scope.INGEST_ANY_SUBJECT in caller.scopes and caller.tenant == owned.tenant
    return reports_for_others or may_see(caller, owned)
