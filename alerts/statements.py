"""Statements about many values or rows at once: to make one takes longer than to carry it out."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa

Each = TypeVar("Each")

AT_ONCE = 500
"""Values in one IN list; well under what any database takes."""


def chunks(values: Iterable[Each]) -> Iterator[list[Each]]:
    """The values in lists of at most AT_ONCE."""
    rest = iter(values)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def each_once(
    connection: sa.Connection, column: sa.Column[str], *where: sa.ColumnElement[bool]
) -> set[str]:
    """The different values of the column that an index orders by: one look-up a value, however
    many rows have it."""
    first = sa.select(sa.func.min(column).label("value")).where(*where).cte(recursive=True)
    following = sa.select(sa.func.min(column)).where(*where, column > first.c.value)
    walk = first.union_all(
        sa.select(following.correlate(first).scalar_subquery()).where(first.c.value.is_not(None))
    )
    return set(
        connection.execute(sa.select(walk.c.value).where(walk.c.value.is_not(None))).scalars()
    )


def insert_rows(
    connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[object, ...]]
) -> None:
    """Rows of all columns in the table's order, handed to the driver as they are: a statement's
    own conversions take longer than the writing."""
    if not rows:
        return
    names = [column.name for column in table.columns]
    statement = table.insert().compile(connection, column_keys=names)
    if statement.positional:
        connection.exec_driver_sql(str(statement), list(rows))
    else:
        named = [dict(zip(names, row, strict=True)) for row in rows]
        connection.exec_driver_sql(str(statement), named)
