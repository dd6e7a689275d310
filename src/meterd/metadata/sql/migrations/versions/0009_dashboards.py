"""Dashboards that people saved."""

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import Name, UtcTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "dashboards",
        sa.Column("id", Name(16), primary_key=True),
        sa.Column("tenant", Name(128), nullable=False),
        sa.Column("owner_type", Name(16), nullable=False),
        sa.Column("owner", Name(256), nullable=False),
        sa.Column("team", Name(128), nullable=True),
        sa.Column("title", Name(80), nullable=False),
        sa.Column("description", Name(240), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_dashboards_owner", "dashboards", ["tenant", "owner", "owner_type"])
    op.create_index("ix_dashboards_team", "dashboards", ["tenant", "team"])


def downgrade() -> None:
    op.drop_table("dashboards")
