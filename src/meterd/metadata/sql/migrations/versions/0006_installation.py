"""Which installation the directory is of."""

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import Name

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", Name(32), primary_key=True),
        sa.Column("generation", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("installation")
