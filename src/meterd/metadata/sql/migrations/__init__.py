"""Alembic environment of the database; `Database` runs it when the database is not at the newest revision."""
