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
from ingest.simulated.row_store import RowStore
from ingest.simulated.rows import DAY, HOUR, ROW, SECOND
from ingest.simulated.texts import Texts

BLOCK_DAYS = 7
BLOCK_PERSON_DAYS = 150_000
HOURS = 2 * HOUR
"""How long a block is where a day is too large."""

WRITTEN: tuple[str, ...] = (
    "txn_id",
    "source_id",
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

UNSAID = {"status": "BOOKED", "is_cash": False, "is_cross_border": False}
"""Values that every feed may leave out, and this one does."""
DAY_SECONDS = DAY // SECOND
CLOCK = pl.Series(
    [f"T{s // 3_600:02}:{s // 60 % 60:02}:{s % 60:02}+07:00" for s in range(DAY_SECONDS)]
)
"""What is written of a time of day, by its second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some days of a feed. happened: its rows in event order, numbered. sent: what the bank sends
    in that time, in the order in which it does, of these days and of those before."""

    first_day: int
    happened: pl.DataFrame
    sent: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """ROW rows from one moment until before another, in no order."""

    start: int
    end: int
    rows: pl.DataFrame


def blocks(
    country: Country,
    how: Disorder,
    rng: np.random.Generator,
    *,
    person_days: int = BLOCK_PERSON_DAYS,
) -> Iterator[Block]:
    """Memory holds one block and what is sent late from it. A block has as many days as make
    `person_days` of all people; if these are more, two hours. No block of the scored days has days
    of two of their weeks."""
    waiting: pl.DataFrame | None = None
    clearing = Clearing(country.people, country.banks, rng.spawn(1)[0])
    books = Books(country.banks, rng.spawn(1)[0])
    texts = Texts(country.schemes, rng.spawn(1)[0])
    for each in _wanted(country, person_days, rng):
        wanted = pl.concat([wanted_of(texts.written(each.rows)), books.due(each.end)])
        cleared = clearing.cleared(wanted, start=each.start, end=each.end)
        rows = books.written(cleared, end=each.end)
        sent = disordered(rows, how, rng)
        sent = sent if waiting is None else pl.concat([waiting, sent])
        is_last = each.end == country.last_day * DAY
        is_ready = pl.lit(is_last) | (pl.col("arrival") < each.end)
        waiting = sent.filter(~is_ready)
        ready = sent.filter(is_ready).sort("arrival", maintain_order=True)
        yield Block(first_day=each.start // DAY, happened=rows, sent=ready)


def lines(country: Country, how: Disorder, rng: np.random.Generator) -> Iterator[pl.Series]:
    """Lines of NDJSON without newline, a block at a time."""
    for block in blocks(country, how, rng):
        yield encoded(block.sent)


def _spans(country: Country, length: int) -> Iterator[tuple[int, int]]:
    for start, until in (
        (country.first_day, country.scored_from),
        (country.scored_from, country.last_day),
    ):
        for week in range(start, until, BLOCK_DAYS):
            last = min(week + BLOCK_DAYS, until)
            for day in range(week, last, length):
                yield day, min(day + length, last)


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


def encoded(rows: pl.DataFrame, end: str = "") -> pl.Series:
    """One JSON object a row, nulls left out, and `end` after it; a torn row is cut in its
    middle."""
    members = [_member(name, rows.schema[name]) for name in WRITTEN[1:]]
    first = [pl.lit(f'{{"{WRITTEN[0]}":"'), pl.col(WRITTEN[0]), pl.lit('"')]
    whole = pl.concat_str([*first, *members, pl.lit("}" + end)], ignore_nulls=True)
    told = rows.with_columns(time=_local_time(rows["event_time"])).select(line=whole)
    lines = told.get_column("line")
    if "is_torn" not in rows.columns or not rows["is_torn"].any():
        return lines
    half = (pl.col("line").str.len_chars() - len(end)) // 2
    cut = pl.col("line").str.head(half) + pl.lit(end)
    torn = pl.when(rows["is_torn"]).then(cut).otherwise("line")
    return told.select(torn).to_series()


def _wanted(country: Country, person_days: int, rng: np.random.Generator) -> Iterator[Wanted]:
    """Everyday life and what is planted, in the order of time, block by block."""
    people = country.people
    length = max(1, min(BLOCK_DAYS, person_days // len(people)))
    for day, end in _spans(country, length):
        if len(people) > person_days:
            yield from _hours(country, day, person_days, rng)
            continue
        life = everyday(people, first_day=day, days=end - day, rng=rng)
        unhushed = _unhushed(life, country, day, end, rng)
        yield _with_planted(country, unhushed, day * DAY, end * DAY)


def _hours(country: Country, day: int, at_once: int, rng: np.random.Generator) -> Iterator[Wanted]:
    """A day too large to be held: drawn by parts of the people, given by parts of the day."""
    drawn = RowStore(country.planted.room, unit=HOURS)
    for first in range(0, len(country.people), at_once):
        part = slice(first, first + at_once)
        life = everyday(country.people, first_day=day, days=1, rng=rng, part=part)
        drawn.add(_unhushed(life, country, day, day + 1, rng))
    for start in range(day * DAY, (day + 1) * DAY, HOURS):
        yield _with_planted(country, drawn.between(start, start + HOURS), start, start + HOURS)
    drawn.forget()


def _with_planted(country: Country, life: pl.DataFrame, start: int, end: int) -> Wanted:
    rows = pl.concat([life, country.planted.between(start, end)])
    return Wanted(start=start, end=end, rows=rows)


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
    """`,"name":value` of a column, null where it says nothing; ids, codes and texts here need no
    escapes."""
    column = pl.col("time" if name == "event_time" else name)
    is_text = dtype == pl.String or name in ("event_time", "amount", "balance_after")
    quote = '"' if is_text else ""
    said = [pl.lit(f',"{name}":{quote}'), column.cast(pl.String), pl.lit(quote)]
    value = pl.concat_str(said)
    return pl.when(column != UNSAID[name]).then(value) if name in UNSAID else value


def _local_time(times: pl.Series) -> pl.Series:
    """Local microseconds since the epoch as ISO 8601 with the offset, to the second."""
    seconds = times // SECOND
    days, second = (seconds // DAY_SECONDS).cast(pl.Int32).cast(pl.Date), seconds % DAY_SECONDS
    named = days.unique()
    dates = days.replace_strict(named, named.cast(pl.String), return_dtype=pl.String)
    return dates + CLOCK.gather(second)
