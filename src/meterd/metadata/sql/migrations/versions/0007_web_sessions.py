"""Sessions of persons at a browser."""

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import Name, UtcTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "web_sessions",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("token_id", Name(16), sa.ForeignKey("tokens.id"), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("used_at", UtcTime, nullable=False),
    )
    op.create_index("ix_web_sessions_token_id", "web_sessions", ["token_id"])
    op.create_index("ix_web_sessions_used_at", "web_sessions", ["used_at"])


def downgrade() -> None:
    op.drop_table("web_sessions")
