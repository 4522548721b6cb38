"""How far a feed was read: kept in the commit that holds what came of it."""

import msgspec
import sqlalchemy as sa

from alerts.alert import Record
from alerts.tables import PROGRESS


class Progress(Record, frozen=True, kw_only=True):
    """position: the feed's own, opaque. rows: input rows read, rejects included. rejects_bytes:
    length of rejects.ndjson. fates: rows by fate. history_start, seen_until: ISO 8601, of the
    event times seen. notes: whatever else the loop must find again."""

    position: dict[str, object]
    rows: int
    rejects_bytes: int
    fates: dict[str, int]
    history_start: str | None = None
    seen_until: str | None = None
    notes: dict[str, object] = msgspec.field(default_factory=dict)


def save_progress(connection: sa.Connection, progress: Progress) -> None:
    body = msgspec.json.encode(progress)
    connection.execute(PROGRESS.delete())
    connection.execute(PROGRESS.insert().values(id=1, body=body))


def load_progress(connection: sa.Connection) -> Progress | None:
    body = connection.execute(sa.select(PROGRESS.c.body)).scalar()
    return None if body is None else msgspec.json.decode(body, type=Progress)
