"""Who may do and see what: subjects, teams, tokens, and the directory that keeps them."""

from meterd.access.model import DEFAULT_TENANT, EVERYONE, Caller, Scope, SubjectType

__all__ = ["DEFAULT_TENANT", "EVERYONE", "Caller", "Scope", "SubjectType"]
