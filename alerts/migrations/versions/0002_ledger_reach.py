"""How far back each holder's movements are in the ledger without a gap."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "ledger_reach",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("first_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_ledger_reach")),
        sqlite_with_rowid=False,
    )
