"""Decoded rows as columns: what both ways of decoding give; fates and prices start from it."""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec
import polars as pl

from ingest.decode import Content, Decoded
from ingest.transaction import TRANSACTION, transaction_key

DECODED: dict[str, pl.DataType] = {
    "at": pl.Int64(),
    **{name: TRANSACTION[name] for name in Content.__struct_fields__},
    **{
        name: TRANSACTION[name]
        for name in (
            "txn_hi",
            "txn_lo",
            "reversal_hi",
            "reversal_lo",
            "content_hi",
            "content_lo",
            "source_revision",
            "ingest_time",
        )
    },
    "direction": pl.String(),
    "flags": pl.String(),
    "digits": pl.Int64(),
    "scale": pl.Int8(),
}
"""`at`: place in the batch. Content, ids and hashes as in TRANSACTION; `flags` joined by blanks;
the amount is digits x 10^-scale."""

_TIMES = ("event_time", "ingest_time")
_LOW_HALF = (1 << 64) - 1


def decoded_frame(places: Sequence[int], rows: Sequence[Decoded]) -> pl.DataFrame:
    """DECODED frame of rows and their places in the batch."""
    if not rows:
        return pl.DataFrame(schema=DECODED)
    contents = [row.content for row in rows]
    ids = [transaction_key(each.source_id, each.reference) for each in contents]
    reversals = [_reversal_key(each) for each in contents]
    hashes = [content_hash(each) for each in contents]
    amounts = [each.amount.partition(".") for each in contents]
    columns: dict[str, Sequence[object]] = {
        "at": places,
        **dict(
            zip(
                Content.__struct_fields__,
                zip(*map(msgspec.structs.astuple, contents), strict=True),
                strict=True,
            )
        ),
        "txn_hi": [high for high, _ in ids],
        "txn_lo": [low for _, low in ids],
        "reversal_hi": [key[0] if key else None for key in reversals],
        "reversal_lo": [key[1] if key else None for key in reversals],
        "content_hi": [content >> 64 for content in hashes],
        "content_lo": [content & _LOW_HALF for content in hashes],
        "source_revision": [row.source_revision for row in rows],
        "ingest_time": [row.ingest_time for row in rows],
        "direction": [row.direction for row in rows],
        "flags": [" ".join(sorted(row.flags)) for row in rows],
        "digits": [int(whole + fraction) for whole, _, fraction in amounts],
        "scale": [len(fraction) for _, _, fraction in amounts],
    }
    return pl.DataFrame([_series(name, columns[name], DECODED[name]) for name in DECODED])


def content_hash(content: Content) -> int:
    """What tells a content from the others of its id; 16 bytes, big-endian."""
    digest = blake2b(msgspec.msgpack.encode(content), digest_size=16).digest()
    return int.from_bytes(digest, "big")


def _series(name: str, values: Sequence[object], dtype: pl.DataType) -> pl.Series:
    if name in _TIMES:
        return pl.Series(name, values, dtype=pl.Int64).cast(dtype)
    return pl.Series(name, values, dtype=dtype)


def _reversal_key(content: Content) -> tuple[int, int] | None:
    if content.reversal_of is None:
        return None
    return transaction_key(content.source_id, content.reversal_of)
