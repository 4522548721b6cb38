"""`python -m bench.networks`: shapes of transfers searched, beside snapml where it is installed.

Not the same work: snapml finds temporal cycles of any length and writes histograms for every
transfer of a batch; Palermo's hops conserve the amount, stop at ten and are told where one closes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from bench.figures import Figure, print_table, timed
from ingest.reference import References
from ingest.transaction import ADDRESS, TRANSACTION, TransactionBatch
from models.networks import Networks, Shape, ShapeLimits

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ACCOUNTS, TRANSFERS, DAYS, BATCH = 20_000, 120_000, 2, 2_048
SHOPS = 30
LIMITS: dict[Shape, ShapeLimits] = {
    "cycle": ShapeLimits(window=DAY, least_percent=85, most_percent=105, least_hops=3),
    "scatter_gather": ShapeLimits(
        window=DAY, least_percent=70, most_percent=105, least_parties=4, least_share=50
    ),
}
PEER_FEATURES: dict[Shape, str] = {"cycle": "temp-cycle", "scatter_gather": "scatter-gather"}
OFF = ("fan", "degree", "scatter-gather", "temp-cycle", "lc-cycle", "vertex_stats")
GOALS = {("cycle", "no hubs"): ">= 5 x", ("scatter_gather", "no hubs"): ">= 10 x"}
SEED = 11

Edges = npt.NDArray[np.float64]
"""Number, payer, payee, second and amount of each transfer, in order of time."""


def main() -> None:
    for hubs, edges in (("no hubs", invented(0.0)), ("with hubs", invented(0.5))):
        for shape in LIMITS:
            print_table(f"Transfers searched, {shape}, {hubs}", measured(shape, hubs, edges))


def invented(hub_share: float) -> Edges:
    """Transfers of two days among accounts that are not busy; of some, the payee is a shop."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    second = np.sort(rng.integers(0, DAYS * 86_400, TRANSFERS))
    payer = rng.integers(0, ACCOUNTS, TRANSFERS)
    friend = (payer + 1 + rng.geometric(0.02, TRANSFERS)) % ACCOUNTS
    shop = ACCOUNTS + rng.integers(0, SHOPS, TRANSFERS)
    payee = np.where(rng.random(TRANSFERS) < hub_share, shop, friend)
    amount = np.rint(np.exp(rng.normal(12.0, 1.0, TRANSFERS)))
    columns = (np.arange(TRANSFERS), payer, payee, second, amount)
    return np.column_stack(columns).astype(np.float64)


def measured(shape: Shape, hubs: str, edges: Edges) -> Iterator[Figure]:
    """Transfers a CPU second, ours and the peer's where it is there and gives an answer."""
    batches = list(_batches(edges))
    _run(shape, batches[:2])
    own = [TRANSFERS / seconds for seconds in timed(partial(_run, shape, batches))]
    goal = ">= 150,000" if (shape, hubs) == ("cycle", "with hubs") else ""
    without = _without_peer(hubs)
    name = f"palermo ({without})" if without else "palermo"
    yield Figure(name=name, goal=goal, unit="transfers/s", values=own)
    if without:
        return
    peer = [TRANSFERS / seconds for seconds in timed(partial(_run_peer, shape, edges), times=1)]
    yield Figure(name="snapml", goal="", unit="transfers/s", values=peer)
    ratio = [rate / peer[0] for rate in own]
    yield Figure(name="palermo / snapml", goal=GOALS.get((shape, hubs), ""), unit="x", values=ratio)


def _without_peer(hubs: str) -> str | None:
    """Why there is no yardstick, if there is none."""
    if find_spec("snapml") is None:
        return "snapml is not installed"
    return "snapml, seen to give no answer in minutes, is not run" if hubs == "with hubs" else None


def _run(shape: Shape, batches: list[TransactionBatch]) -> int:
    """How many shapes a fresh room finds."""
    room = Networks(
        references=References(), limits={shape: LIMITS[shape]}, lateness=timedelta(hours=26)
    )
    return sum(len(room.extend(batch).found) for batch in batches)


def _batches(edges: Edges) -> Iterator[TransactionBatch]:
    rows = _rows(edges)
    for first in range(0, rows.height, BATCH):
        added = rows[first : first + BATCH]
        yield TransactionBatch(
            added=added,
            retracted=pl.DataFrame(schema=ADDRESS),
            history_start=START,
            seen_until=added["event_time"][-1],
        )


def _rows(edges: Edges) -> pl.DataFrame:
    """TRANSACTION rows of the transfers."""
    number, payer, payee, second, amount = (
        pl.Series(column.astype(np.int64)) for column in edges.T
    )
    time = pl.Series([START] * len(number)) + second * timedelta(seconds=1)
    given = {
        "txn_hi": number.cast(pl.UInt64),
        "txn_lo": number.cast(pl.UInt64),
        "reference": "T-" + number.cast(pl.String),
        "source_id": pl.Series(["BANK-FICT"]).new_from_index(0, len(number)),
        "event_time": time,
        "source_sequence": number,
        "txn_type": pl.Series(["TRANSFER"]).new_from_index(0, len(number)),
        "amount_base": amount,
        "orig_account_id": "A-" + payer.cast(pl.String),
        "benef_account_id": "A-" + payee.cast(pl.String),
        "orig_holds": pl.Series([True]).new_from_index(0, len(number)),
        "benef_holds": pl.Series([True]).new_from_index(0, len(number)),
    }
    missing = {name: kind for name, kind in TRANSACTION.items() if name not in given}
    empty = [pl.lit(None, dtype=kind).alias(name) for name, kind in missing.items()]
    return (
        pl.DataFrame(given)
        .with_columns(empty)
        .select(pl.col(n).cast(TRANSACTION[n]) for n in TRANSACTION)
    )


def _run_peer(shape: Shape, edges: Edges) -> None:
    """snapml's GraphFeaturePreprocessor over the same batches, that one feature on."""
    peer = import_module("snapml").GraphFeaturePreprocessor()
    seconds = int(DAY.total_seconds())
    feature = PEER_FEATURES[shape]
    settings: dict[str, Any] = dict.fromkeys(OFF, False) | {
        "num_threads": 1,
        "time_window": seconds,
        feature: True,
        f"{feature}_tw": seconds,
        f"{feature}_bins": [2, 3, 4, 5, 6],
    }
    peer.set_params(settings)
    for first in range(0, len(edges), BATCH):
        peer.transform(np.ascontiguousarray(edges[first : first + BATCH]))


if __name__ == "__main__":
    main()
