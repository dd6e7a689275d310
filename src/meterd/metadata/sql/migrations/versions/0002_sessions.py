"""Documents of sessions, and how far they follow the facts."""

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import Name, UtcTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", Name(64), primary_key=True),
        sa.Column("tenant", Name(128), nullable=False),
        sa.Column("machine_id", Name(256)),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_sessions_machine", "sessions", ["tenant", "machine_id"])
    op.create_index("ix_sessions_created", "sessions", ["tenant", "created_at", "id"])
    op.create_table("session_progress", sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False))


def downgrade() -> None:
    op.drop_table("session_progress")
    op.drop_table("sessions")
