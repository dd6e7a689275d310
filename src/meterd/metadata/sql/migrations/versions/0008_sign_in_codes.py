"""Codes that sign in once, and which tokens were made for a session."""

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import UtcTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "sign_in_codes",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("subject_id", sa.Integer(), sa.ForeignKey("subjects.id"), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
    )
    op.add_column("tokens", sa.Column("for_session", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("tokens", "for_session")
    op.drop_table("sign_in_codes")
