"""Metadata in an SQL database, read and written by SQLAlchemy and brought up to date by Alembic."""

from meterd.metadata.sql.opening import check_sql_metadata, open_sql_metadata, read_shared_stamp

__all__ = ["check_sql_metadata", "open_sql_metadata", "read_shared_stamp"]
