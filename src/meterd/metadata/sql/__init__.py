"""Metadata in an SQL database: an SQLite file, read and written by SQLAlchemy and brought up to date by Alembic."""

from meterd.metadata.sql.metadata import SQLMetadata

__all__ = ["SQLMetadata"]
