"""How far each exporter has come."""

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import Name, UtcTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "export_progress",
        sa.Column("exporter", Name(32), primary_key=True),
        sa.Column("begun", UtcTime, nullable=False),
        sa.Column("reached", UtcTime, nullable=False),
        sa.Column("under_way", UtcTime),
    )


def downgrade() -> None:
    op.drop_table("export_progress")
