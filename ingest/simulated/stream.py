"""The country's feed as lines of NDJSON, block by block, in the order in which the bank sends."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.simulated.books import REPORTED, Books
from ingest.simulated.clearing import Clearing, wanted_of
from ingest.simulated.disorder import Disorder, disordered
from ingest.simulated.life import everyday
from ingest.simulated.plan import Country
from ingest.simulated.rows import DAY, ROW

BLOCK_DAYS = 7

WRITTEN: tuple[str, ...] = (
    "source_id",
    "txn_id",
    "source_sequence",
    "source_revision",
    "event_time",
    "status",
    "reversal_of",
    *(name for name in ROW if name not in ("event_time", "delay", "scheme")),
    "balance_after",
    "orig_agent_bic",
    "benef_agent_bic",
    "end_to_end_id",
)
"""The columns of the feed, in the order of a line; a null is left out."""

UNSAID = {"status": "BOOKED", "is_cash": "false", "is_cross_border": "false"}
"""Values that every feed may leave out, and this one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some days of a feed. happened: its rows in event order, numbered. sent: what the bank sends
    in that time, in the order in which it does, of these days and of those before."""

    first_day: int
    happened: pl.DataFrame
    sent: pl.DataFrame


def blocks(country: Country, how: Disorder, rng: np.random.Generator) -> Iterator[Block]:
    """Memory holds one block of days and what is sent late from it. A block of the scored days is
    one of their weeks."""
    waiting: pl.DataFrame | None = None
    clearing = Clearing(country.people, country.banks, rng.spawn(1)[0])
    books = Books(country.banks, rng.spawn(1)[0])
    for day, end in _spans(country):
        wanted = pl.concat([wanted_of(_wanted(country, day, end, rng)), books.due(end)])
        wanted = wanted.sort("event_time", maintain_order=True)
        rows = books.written(clearing.cleared(wanted, end=end), end=end)
        sent = disordered(rows, how, rng)
        sent = sent if waiting is None else pl.concat([waiting, sent])
        is_last = end == country.last_day
        is_ready = pl.lit(is_last) | (pl.col("arrival") < end * DAY)
        waiting = sent.filter(~is_ready)
        ready = sent.filter(is_ready).sort("arrival", maintain_order=True)
        yield Block(first_day=day, happened=rows, sent=ready)


def lines(country: Country, how: Disorder, rng: np.random.Generator) -> Iterator[pl.Series]:
    """Lines of NDJSON without newline, a block at a time."""
    for block in blocks(country, how, rng):
        yield encoded(block.sent)


def _spans(country: Country) -> Iterator[tuple[int, int]]:
    for start, until in (
        (country.first_day, country.scored_from),
        (country.scored_from, country.last_day),
    ):
        for day in range(start, until, BLOCK_DAYS):
            yield day, min(day + BLOCK_DAYS, until)


def number(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of one bank, in event order, with its own running number and the id made of it."""
    sequence = pl.int_range(1, 1 + pl.len(), dtype=pl.Int64)
    unsaid = {name: pl.lit(None, dtype=dtype) for name, dtype in REPORTED.items()}
    numbered = {
        "source_sequence": sequence,
        "txn_id": "T-FICT-" + sequence.cast(pl.String).str.zfill(8),
        "status": pl.lit("BOOKED"),
    }
    return rows.with_columns(**(unsaid | numbered))


def encoded(rows: pl.DataFrame) -> pl.Series:
    """One JSON object a row, nulls left out; a torn row is cut in its middle."""
    members = [_member(name, rows.schema[name]) for name in WRITTEN]
    whole = pl.concat_str([pl.lit("{"), *members, pl.lit("}")]).str.replace("{,", "{", literal=True)
    cut = whole.str.slice(0, whole.str.len_chars() // 2)
    is_torn = pl.col("is_torn") if "is_torn" in rows.columns else pl.lit(False)
    return rows.select(line=pl.when(is_torn).then(cut).otherwise(whole)).get_column("line")


def _wanted(country: Country, day: int, end: int, rng: np.random.Generator) -> pl.DataFrame:
    """ROW rows of everyday life and of what is planted, in no order."""
    life = everyday(country.people, first_day=day, days=end - day, rng=rng)
    is_now = (pl.col("event_time") >= day * DAY) & (pl.col("event_time") < end * DAY)
    return pl.concat([_unhushed(life, country, day, end, rng), country.planted.filter(is_now)])


def _unhushed(
    life: pl.DataFrame, country: Country, day: int, end: int, rng: np.random.Generator
) -> pl.DataFrame:
    """Life without what the hushed accounts leave out in these days, to the block of days."""
    kept: dict[str, float] = {}
    for hush in country.hushes:
        if hush.from_day < end and day < hush.until_day:
            kept[hush.account] = min(hush.kept, kept.get(hush.account, 1.0))
    share = pl.min_horizontal(
        pl.col(f"{side}_account_id").replace_strict(kept, default=1.0, return_dtype=pl.Float64)
        for side in ("orig", "benef")
    )
    return life.filter(pl.Series(rng.random(len(life))) < share)


def _member(name: str, dtype: pl.DataType) -> pl.Expr:
    """`,"name":value` of a column; ids and codes here need no escapes."""
    column = pl.col(name)
    if name == "event_time":
        text = column.cast(pl.Datetime("us")).dt.strftime('"%Y-%m-%dT%H:%M:%S+07:00"')
    elif dtype == pl.String or name in ("amount", "balance_after"):
        text = '"' + column.cast(pl.String) + '"'
    else:
        text = column.cast(pl.String)
    is_unsaid = column.is_null() | (column.cast(pl.String) == UNSAID.get(name, ""))
    return pl.when(is_unsaid).then(pl.lit("")).otherwise(f',"{name}":' + text)
