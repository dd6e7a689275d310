"""Subjects, memberships and tokens."""

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import Name, UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "subjects",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("tenant", Name(128), nullable=False),
        sa.Column("type", Name(16), nullable=False),
        sa.Column("slug", Name(256), nullable=False),
        sa.Column("tenant_admin", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.UniqueConstraint("tenant", "type", "slug"),
    )
    op.create_table(
        "memberships",
        sa.Column("subject_id", sa.Integer, sa.ForeignKey("subjects.id"), primary_key=True),
        sa.Column("team", Name(128), primary_key=True),
    )
    op.create_table(
        "tokens",
        sa.Column("id", Name(16), primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("subject_id", sa.Integer, sa.ForeignKey("subjects.id"), nullable=False, index=True),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime),
        sa.Column("revoked_at", UtcTime),
    )


def downgrade() -> None:
    for table in ("tokens", "memberships", "subjects"):
        op.drop_table(table)
