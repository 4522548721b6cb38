"""`python -m bench.engine`: what the profiles cost, beside plain Python and Polars, at scale."""

import resource
import shutil
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl
from numba import njit

from alerts.alert import Reproduce
from bench.figures import Figure, print_table
from bench.invented import DAY, Invented
from detectors.catalogue import Catalogue, TestGround, load_typologies
from detectors.testability import provided
from ingest.intake import Intake
from ingest.kernels.ids import empty_entries
from ingest.known_ids import KnownIds
from ingest.lexicon import Lexicon
from ingest.mapping import FeedSettings
from ingest.rates import Rates
from ingest.reference import References
from ingest.row_reader import RowReader
from ingest.transaction import TRANSACTION, TransactionBatch
from models.blocks import Blocks
from models.bundle import load_bundle
from models.features import Aggregate
from models.kernels.arena import Columns, Int64s
from models.kernels.arming import (
    ALL_ACCOUNTS,
    Lane,
    Tally,
    gather,
    slide_distinct,
    slide_sum,
    weigh,
)
from models.movement import Classifier
from models.names import Names
from models.networks import Networks
from models.profile import Profiles
from palermo.snapshots import Snapshots, Stages

WINDOWS = tuple(days * DAY for days in (1, 7, 14, 30))
DISTINCT = int(Aggregate.DISTINCT_COUNTERPARTIES)
AGGREGATES = (int(Aggregate.COUNT), int(Aggregate.SUM), DISTINCT)
LATENESS = timedelta(hours=26)
NAMES = Names()
ROWS_A_MONTH = MOVEMENTS_A_MONTH = 20
"""Of an account."""


def main() -> None:
    print_table("Exact windows with late rows", windows())
    engine, source, loaded = full_engine(accounts=100_000)
    print_table("A batch, 100,000 accounts with full windows", latency(engine, source, loaded))
    print_table("Snapshots, 100,000 accounts with full windows", snapshots(engine, source, loaded))
    del engine
    print_table("Scale", scale())
    print_table("Memory of an account", memory())


@dataclass(frozen=True, slots=True)
class Engine:
    """Profiles, and the typologies that judge what they evaluate."""

    profiles: Profiles
    catalogue: Catalogue

    def take(self, batch: TransactionBatch) -> None:
        self.catalogue.detect(self.profiles.extend(batch))


def new_engine() -> Engine:
    references = References()
    bundle = load_bundle(base_currency="LAK", references="", rates="")
    available = provided(
        frozenset(TRANSACTION),
        references,
        time_precision=timedelta(seconds=1),
        has_threshold=True,
        has_usd_rate=True,
    )
    ground = TestGround(has_register=False, has_relations=False)
    catalogue = Catalogue(load_typologies(), available, ground)
    profiles = Profiles(
        references=references,
        rates=_NoRates(),
        bundle=bundle,
        arms=catalogue.arms,
        features=catalogue.features,
        asks=catalogue.asks,
        screens=catalogue.screens,
        lateness=LATENESS,
        fires=catalogue.fires,
    )
    return Engine(profiles, catalogue)


class _NoRates:
    def usd_minor(self, on: object) -> int | None:
        return None


# windows ------------------------------------------------------------------------------------


def windows(*, accounts: int = 20_000, size: int = 100_000) -> list[Figure]:
    """Count, sum and distinct payees in four windows, at every movement out, with a few hubs among
    the accounts and full windows. The yardsticks see the rows in order, which is easier, and
    Polars counts no distinct payees."""
    source = Invented(accounts=accounts, rows_a_day=0.67, exponent=0.8)
    filling, measured = 5 * size, 2 * size
    before = _numbers(source.batches(rows=filling, size=size))
    then = list(source.batches(rows=measured, size=size, after=filling))
    numbers = _numbers(then)
    rows = sum(len(holders) for holders, _ in numbers)
    _every_window(_filled(before), numbers[:1])
    ours = [_rate(rows, partial(_every_window, _filled(before), numbers)) for _ in range(3)]
    plain = [_rate(size, partial(_plain_python, then[0])) for _ in range(3)]
    kept = pl.concat([_sent(batch) for batch in source.batches(rows=filling, size=size)])
    rolling = [_rate(rows, partial(_polars_rolling, kept, then)) for _ in range(3)]
    return [
        Figure(name="engine, 20 % late", goal="", unit="rows/s", values=ours),
        Figure(name="deque and Counter, in order", goal="", unit="rows/s", values=plain),
        Figure(name="Polars rolling, no distinct", goal="", unit="rows/s", values=rolling),
        Figure(
            name="engine / deque and Counter",
            goal=">= 25 x",
            unit="x",
            values=[a / b for a, b in zip(ours, plain, strict=True)],
        ),
        Figure(
            name="engine / Polars rolling, 100,000-row batches",
            goal=">= 5 x",
            unit="x",
            values=[a / b for a, b in zip(ours, rolling, strict=True)],
        ),
    ]


def _filled(before: Sequence[tuple[Int64s, Columns]]) -> Blocks:
    blocks = Blocks()
    for holders, columns in before:
        blocks.grow_to(int(holders.max()) + 1)
        blocks.insert(holders, columns, horizon=-(1 << 62))
        blocks.changes(np.unique(holders))
    return blocks


def _every_window(blocks: Blocks, batches: Sequence[tuple[Int64s, Columns]]) -> int:
    """The sum of all values, so that nothing is left out. Numbers in, as for the yardsticks."""
    total, met = 0, np.zeros(1 << 20, np.int64)
    for holders, columns in batches:
        blocks.grow_to(int(holders.max()) + 1)
        blocks.insert(holders, columns, horizon=-(1 << 62))
        touched, firsts = blocks.changes(np.unique(holders))
        total += _slide_all(
            blocks.columns,
            blocks.starts,
            blocks.lengths,
            touched,
            firsts,
            np.array(WINDOWS),
            np.array(AGGREGATES),
            met,
        )
    return total


def _numbers(batches: Iterable[TransactionBatch]) -> list[tuple[Int64s, Columns]]:
    """Holders and movements out of each batch, in order of holder."""
    bundle = load_bundle(base_currency="LAK", references="", rates="")
    classifier = Classifier(
        names=NAMES,
        references=References(),
        bundle=bundle,
        own_ledger_accounts=frozenset(),
        is_hour_known=True,
        usd_minor=bundle.usd_minor,
    )
    found = []
    for batch in batches:
        moved = classifier.movements(batch.added, first_row=0)
        out = moved.columns.side == 0
        holders, columns = moved.holder[out].astype(np.int64), moved.columns[out]
        order = np.lexsort((columns.txn_lo, columns.time, holders))
        found.append((holders[order], columns[order]))
    return found


@njit(cache=True)
def _slide_all(
    columns: Columns, starts: Int64s, lengths: Int64s, holders: Int64s, firsts: Int64s,
    windows: Int64s, aggregates: Int64s, met: Int64s,
) -> int:  # fmt: skip
    longest = 1
    for h in holders:
        longest = max(longest, lengths[h])
    lane = Lane(
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
    )
    values, total = np.empty(longest, np.int64), 0
    for i in range(len(holders)):
        start, length = starts[holders[i]], lengths[holders[i]]
        low, at = gather(columns, start, length, firsts[i], ALL_ACCOUNTS, windows[-1], lane)
        for aggregate in aggregates:
            weigh(columns, start, lane, low, Tally(aggregate, 0, 0, 0))
            for window in windows:
                if aggregate == DISTINCT:
                    slide_distinct(lane, low, at, window, met, values)
                else:
                    slide_sum(lane, low, at, window, values)
                total += values[at:longest].sum()
    return total


def _plain_python(batch: TransactionBatch) -> int:
    """As one would write it first: a deque and a Counter an account and window."""
    rows = batch.added.sort("event_time").filter(pl.col("orig_account_id").is_not_null())
    columns = rows.select(
        pl.col("event_time").to_physical(), "orig_account_id", "benef_account_id", "amount_base"
    )
    states: dict[str, list[tuple[int, deque[tuple[int, str, int]], Counter[str], list[int]]]] = {}
    total = 0
    for at, account, payee, amount in columns.iter_rows():
        state = states.get(account)
        if state is None:
            state = states[account] = [(w, deque(), Counter(), [0]) for w in WINDOWS]
        for window, kept, payees, sums in state:
            kept.append((at, payee, amount))
            payees[payee] += 1
            sums[0] += amount
            while kept[0][0] <= at - window:
                _, old, gone = kept.popleft()
                payees[old] -= 1
                if not payees[old]:
                    del payees[old]
                sums[0] -= gone
            total += len(kept) + sums[0] + len(payees)
    return total


def _sent(batch: TransactionBatch) -> pl.DataFrame:
    return batch.added.select("orig_account_id", "event_time", "amount_base").drop_nulls()


def _polars_rolling(kept: pl.DataFrame, batches: Sequence[TransactionBatch]) -> int:
    """Rolling counts and sums over what is kept of the accounts a batch touches."""
    total = 0
    for batch in batches:
        new = _sent(batch)
        kept = pl.concat([kept, new])
        kept = kept.filter(pl.col("event_time") > pl.col("event_time").max() - timedelta(days=30))
        touched = kept.filter(pl.col("orig_account_id").is_in(new["orig_account_id"].implode()))
        ordered = touched.sort("orig_account_id", "event_time")
        for window in WINDOWS:
            rolled = ordered.rolling(
                "event_time", period=f"{window // DAY}d", group_by="orig_account_id"
            ).agg(pl.len(), pl.col("amount_base").sum())
            total += int(rolled["len"].sum())
    return total


# at scale -----------------------------------------------------------------------------------


def full_engine(*, accounts: int) -> tuple[Engine, Invented, int]:
    """An engine whose accounts have full 30-day windows, and how many rows that took."""
    engine = new_engine()
    source = Invented(accounts=accounts, rows_a_day=ROWS_A_MONTH / 30)
    rows = accounts * ROWS_A_MONTH * 31 // 30
    for batch in source.batches(rows=rows, size=100_000):
        engine.profiles.absorb(batch)
    engine.take(next(source.batches(rows=5_000, size=5_000, after=rows)))
    return engine, source, rows + 5_000


def latency(engine: Engine, source: Invented, loaded: int) -> list[Figure]:
    figures = []
    for size, goal in ((1_000, "p99 <= 50"), (100, "p99 <= 10")):
        batches = list(source.batches(rows=300 * size, size=size, after=loaded))
        loaded += 300 * size
        waits = [1_000 * _wall(partial(engine.take, batch)) for batch in batches]
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            figures.append(
                Figure(
                    name=f"{name} of {size:,} rows",
                    goal=goal if name == "p99" else "",
                    unit="ms",
                    values=[float(np.quantile(waits, share))],
                )
            )
    return figures


def scale(*, rows_an_account: int = 6, measured: int = 200_000) -> list[Figure]:
    """Cost of a row at ten times the accounts, and as a run goes on with full windows."""
    costs = {}
    for accounts in (100_000, 1_000_000):
        engine = new_engine()
        source = Invented(accounts=accounts, rows_a_day=rows_an_account / 30)
        loaded = accounts * rows_an_account
        for batch in source.batches(rows=loaded, size=200_000):
            engine.profiles.absorb(batch)
        costs[accounts] = _costs(engine, source, loaded, rows=measured)
        del engine
    small, large = costs.values()
    engine = new_engine()
    source = Invented(accounts=20_000, rows_a_day=ROWS_A_MONTH / 30)
    loaded = 20_000 * 45
    for batch in source.batches(rows=loaded, size=100_000):
        engine.profiles.absorb(batch)
    early = _costs(engine, source, loaded, rows=200_000)
    for batch in source.batches(rows=600_000, size=100_000, after=loaded + 200_000):
        engine.take(batch)
    late = _costs(engine, source, loaded + 800_000, rows=200_000)
    return [
        Figure(name="100,000 accounts, 5,000-row batches", goal="", unit="us/row", values=small),
        Figure(name="1,000,000 accounts", goal="", unit="us/row", values=large),
        Figure(
            name="1,000,000 / 100,000 accounts",
            goal="<= 1.5 x",
            unit="x",
            values=[float(np.median(large) / np.median(small))],
        ),
        Figure(
            name="a million rows later / once windows are full",
            goal="<= 1.1 x",
            unit="x",
            values=[float(np.median(late) / np.median(early))],
        ),
    ]


def _costs(engine: Engine, source: Invented, loaded: int, *, rows: int) -> list[float]:
    """CPU microseconds a row, of each 5,000-row batch but the first."""
    size = 5_000
    batches = list(source.batches(rows=rows, size=size, after=loaded))
    engine.take(batches[0])
    return [1e6 / _rate(size, partial(engine.take, batch)) for batch in batches[1:]]


def stages(engine: Engine) -> Stages:
    """The engine's profiles, beside an intake that has taken nothing and a room in which no shape
    is looked for."""
    return Stages(
        profiles=engine.profiles,
        networks=Networks(references=References(), limits={}, lateness=LATENESS),
        intake=Intake(
            RowReader(FeedSettings(), References(), Rates(base_currency="LAK"), Lexicon({}))
        ),
    )


# snapshots ----------------------------------------------------------------------------------


def snapshots(engine: Engine, source: Invented, loaded: int) -> list[Figure]:
    """Written between batches, then read back."""
    folder = Path(tempfile.mkdtemp(prefix="palermo-bench-"))
    reproduce = Reproduce(release="", configuration="", bundle="")
    written: list[str] = []
    try:
        kept = Snapshots(
            folder,
            reproduce=reproduce,
            observer=written.append,
            clock=time.monotonic,
            seconds_between=0.0,
        )
        pauses = [_wall(lambda: kept.begin(stages(engine), rows=loaded, position={}))]
        batches = source.batches(rows=10_000_000, size=1_000, after=loaded + 400_000)
        while "snapshot_written" not in written:
            engine.take(next(batches))
            pauses.append(_wall(kept.advance))
        kept.close()
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        restored = stages(new_engine())
        seconds = _wall(lambda: _restored(kept, restored, upto=loaded))
    finally:
        shutil.rmtree(folder)
    return [
        Figure(
            name="longest pause of a batch",
            goal="<= 200",
            unit="ms",
            values=[1_000 * max(pauses)],
        ),
        Figure(name="pauses", goal="", unit="ms", values=[1_000 * pause for pause in pauses]),
        Figure(name="size", goal="", unit="MB", values=[size / 1e6]),
        Figure(name="restored in", goal="<= 2", unit="s", values=[seconds]),
    ]


def _restored(kept: Snapshots, stages: Stages, *, upto: int) -> None:
    if kept.restore(stages, upto=upto) is None:
        raise RuntimeError("the snapshot that was just written was refused; see the log above")


# memory -------------------------------------------------------------------------------------


def memory() -> list[Figure]:
    """Resident bytes an account with 20 movements in 30 days, everything counted, by how long its
    rows are kept; each in a process of its own, so that no freed page is used again. And what is
    kept of each id inside the lateness."""
    figures = []
    for days, goal in ((30, "<= 8,000"), (205, "")):
        with get_context("spawn").Pool(1) as pool:
            resident, used = pool.apply(_bytes_an_account, (days,))
        figures += [
            Figure(name=f"{days} days kept", goal=goal, unit="bytes resident", values=[resident]),
            Figure(name="... of which movements in use", goal="", unit="bytes", values=[used]),
        ]
    with get_context("spawn").Pool(1) as pool:
        known = pool.apply(_bytes_an_id)
    figures.append(
        Figure(
            name="an id inside the lateness", goal="<= 24", unit="bytes resident", values=[known]
        )
    )
    return figures


def _bytes_an_id(count: int = 1_000_000, size: int = 5_000) -> float:
    """Resident, of a source whose ids are all different."""
    rows, random = empty_entries(count), np.random.default_rng(1)
    for half in ("high", "low"):
        rows[half] = random.integers(1, 1 << 62, count)
    known, verdicts = KnownIds(), np.empty(size, np.int8)
    known.decide_new(rows[:1], 0, 0, verdicts, (DAY, DAY, DAY))
    before = _resident()
    for first in range(1, count, size):
        some = rows[first : first + size]
        known.decide_new(some, 0, 0, verdicts, (DAY, DAY, DAY))
    return (_resident() - before) / known.count


def _bytes_an_account(days: int, accounts: int = 20_000) -> tuple[float, float]:
    """Resident, and of movements in use. A row makes one and a half movements on average."""
    engine = new_engine()
    source = Invented(accounts=accounts, rows_a_day=MOVEMENTS_A_MONTH / 1.5 / 30)
    engine.take(next(source.batches(rows=100, size=100)))
    before = _resident()
    for batch in source.batches(
        rows=int(accounts * source.rows_a_day * days), size=100_000, after=100
    ):
        engine.profiles.absorb(batch)
    return (_resident() - before) / accounts, engine.profiles.used_bytes() / accounts


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _rate(rows: int, work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return rows / (time.process_time() - begun)


def _wall(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
