"""The movements of the ledger in pieces of one holder each, compressed."""

from itertools import groupby

import msgspec
import sqlalchemy as sa
import zstandard
from alembic import op

revision = "0003"
down_revision = "0002"

MOST_IN_PIECE = 500


def upgrade() -> None:
    connection = op.get_bind()
    query = sa.text("SELECT * FROM ledger ORDER BY holder, order_key")
    rows = [tuple(row) for row in connection.execute(query)]
    op.drop_table("ledger")
    ledger = op.create_table(
        "ledger",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("first_key", sa.LargeBinary(), nullable=False),
        sa.Column("last_key", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("holder", "first_key", name=op.f("pk_ledger")),
    )
    for holder, theirs in groupby(rows, key=lambda row: row[0]):
        moved = [row[1:] for row in theirs]
        for at in range(0, len(moved), MOST_IN_PIECE):
            columns = list(zip(*moved[at : at + MOST_IN_PIECE], strict=True))
            piece = {
                "holder": holder,
                "first_key": columns[0][0],
                "last_key": columns[0][-1],
                "body": zstandard.compress(msgspec.msgpack.encode(columns), 1),
            }
            connection.execute(ledger.insert().values(piece))
