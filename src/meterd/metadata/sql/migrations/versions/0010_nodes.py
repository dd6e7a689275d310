"""How far the documents of sessions follow the facts of each node."""

import sqlalchemy as sa
from alembic import op

from meterd.metadata.sql.tables import Name

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.rename_table("session_progress", "progress_of_one_node")
    op.create_table(
        "session_progress",
        sa.Column("node", Name(32), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO session_progress (node, position) SELECT '', position FROM progress_of_one_node")
    op.drop_table("progress_of_one_node")


def downgrade() -> None:
    op.rename_table("session_progress", "progress_of_nodes")
    op.create_table("session_progress", sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False))
    op.execute("INSERT INTO session_progress (position) SELECT position FROM progress_of_nodes WHERE node = ''")
    op.drop_table("progress_of_nodes")
