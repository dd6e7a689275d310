"""Dashboards that people saved."""

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import UtcTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "dashboards",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("owner_type", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(256), nullable=False),
        sa.Column("team", sa.String(128), nullable=True),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("description", sa.String(240), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_dashboards_owner", "dashboards", ["tenant", "owner", "owner_type"])
    op.create_index("ix_dashboards_team", "dashboards", ["tenant", "team"])


def downgrade() -> None:
    op.drop_table("dashboards")
