"""The rows an alert was derived from, frozen so that neither replay nor retention changes them."""

from hashlib import sha256

import sqlalchemy as sa
import zstandard

from alerts.errors import StoreUnreadableError
from alerts.tables import EVIDENCE


def save_evidence(connection: sa.Connection, alert_id: str, rows: bytes) -> str:
    """SHA-256 of the rows, now kept for this alert."""
    digest = sha256(rows).hexdigest()
    known = sa.select(EVIDENCE.c.sha256).where(EVIDENCE.c.alert_id == alert_id)
    if connection.execute(known).scalar() == digest:
        return digest
    connection.execute(EVIDENCE.delete().where(EVIDENCE.c.alert_id == alert_id))
    packed = zstandard.ZstdCompressor(level=3).compress(rows)
    connection.execute(EVIDENCE.insert().values(alert_id=alert_id, sha256=digest, rows=packed))
    return digest


def load_evidence(connection: sa.Connection, alert_id: str) -> bytes | None:
    """The rows; None if none were frozen. Raises StoreUnreadableError if they were changed."""
    found = connection.execute(sa.select(EVIDENCE).where(EVIDENCE.c.alert_id == alert_id)).first()
    if found is None:
        return None
    try:
        rows = zstandard.ZstdDecompressor().decompress(found.rows)
    except zstandard.ZstdError:
        rows = None
    if rows is None or sha256(rows).hexdigest() != found.sha256:
        raise StoreUnreadableError(
            f"evidence of alert {alert_id}: is not what was frozen; restore palermo.db from a copy"
        )
    return rows
