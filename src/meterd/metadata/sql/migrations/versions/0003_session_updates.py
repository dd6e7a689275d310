"""When a session was last heard of, so that old ones can be forgotten."""

import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("updated_at", UtcTime))
    op.create_index("ix_sessions_updated", "sessions", ["updated_at"])
    sessions = sa.table("sessions", sa.column("id"), sa.column("document"), sa.column("updated_at", UtcTime))
    connection = op.get_bind()
    for id_, document in connection.execute(sa.select(sessions.c.id, sessions.c.document)).all():
        updated_at = datetime.fromisoformat(json.loads(document)["updated_at"])
        connection.execute(sa.update(sessions).where(sessions.c.id == id_).values(updated_at=updated_at))


def downgrade() -> None:
    op.drop_index("ix_sessions_updated", "sessions")
    op.drop_column("sessions", "updated_at")
