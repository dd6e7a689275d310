"""Metadata, all that is kept besides facts: tokens and whose they are, session documents, objects, calendars, progress.

Services ask the protocols of `meterd.metadata.base`; the database behind them is chosen where it is opened.
"""

from meterd.metadata.base import (
    Collection,
    Dashboards,
    Election,
    Exports,
    ItemChanges,
    Items,
    Metadata,
    NewWebSession,
    Progress,
    SavedDashboard,
    SessionChange,
    SessionDocument,
    SessionDocuments,
    Tokens,
    Version,
    WebSessions,
)

__all__ = [
    "Collection",
    "Dashboards",
    "Election",
    "Exports",
    "ItemChanges",
    "Items",
    "Metadata",
    "NewWebSession",
    "Progress",
    "SavedDashboard",
    "SessionChange",
    "SessionDocument",
    "SessionDocuments",
    "Tokens",
    "Version",
    "WebSessions",
]
