"""Alembic environment of the directory; `Directory` runs it when the database is not at the newest revision."""
