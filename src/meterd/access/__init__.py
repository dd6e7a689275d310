"""Who may do and see what: subjects, teams, tokens, authorization."""

from meterd.access.model import DEFAULT_TENANT, EVERYONE, Caller, Scope, SubjectType

__all__ = ["DEFAULT_TENANT", "EVERYONE", "Caller", "Scope", "SubjectType"]
