"""Objects and calendars with their versions."""

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import Name, UtcTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "items",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("tenant", Name(128), nullable=False),
        sa.Column("environment", Name(128), nullable=False),
        sa.Column("service", Name(16), nullable=False),
        sa.Column("key", Name(512), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("tenant", "environment", "service", "key"),
    )
    op.create_table(
        "item_versions",
        sa.Column("item_id", sa.Integer, sa.ForeignKey("items.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("user", Name(256), nullable=False),
        sa.Column("reason", Name(1024)),
        sa.Column("created_at", UtcTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("item_versions")
    op.drop_table("items")
