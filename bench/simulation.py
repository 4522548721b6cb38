"""`make simulation`: draws docs/images/simulation.png, how real the simulated country looks.

One country of a fixed seed: rows a day, amounts, partners of each customer, hours of the day.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ingest.simulated.disorder import ORDERLY
from ingest.simulated.life import EPOCH
from ingest.simulated.plan import CountrySettings, draw_country
from ingest.simulated.rows import DAY, HOUR
from ingest.simulated.stream import blocks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SETTINGS = CountrySettings(customers=4_000, days=120, history=150)
SEED = 71
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "simulation.png"
COLOURS = ("#1f5a7a", "#c2703d", "#5a8f4e", "#8a5a9e", "#777777")
MOVEMENTS = {
    "purchase by card": pl.col("txn_type") == "CARD_PURCHASE",
    "transfer": pl.col("txn_type") == "TRANSFER",
    "cash drawn": pl.col("txn_type") == "CASH_WITHDRAWAL",
    "cash paid in": pl.col("txn_type") == "CASH_DEPOSIT",
    "wage": pl.col("txn_type") == "SALARY",
}


def main() -> None:
    rows = _rows()
    figure = Figure(figsize=(9.6, 7.2), dpi=100, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    drawn = (draw_days, draw_amounts, draw_partners, draw_hours)
    for place, draw in enumerate(drawn, start=1):
        axes = figure.add_subplot(2, 2, place)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        draw(axes, rows)
    figure.savefig(PICTURE, metadata={"Software": None})
    print(f"{len(rows):,} rows of {SETTINGS.customers:,} customers: {PICTURE}")


def draw_days(axes: "Axes", rows: pl.DataFrame) -> None:
    """Rows of each day: month ends, weekends, the Lao New Year."""
    days = rows.group_by(pl.col("event_time") // DAY).len().sort("event_time")
    dates = [np.datetime64(EPOCH) + int(day) for day in days["event_time"]]
    axes.plot(dates, days["len"] / SETTINGS.customers, color=COLOURS[0], linewidth=0.9)
    axes.set_ylim(bottom=0)
    axes.set_title("rows a customer and day", loc="left", fontsize=10)
    axes.tick_params(axis="x", labelrotation=30)


def draw_amounts(axes: "Axes", rows: pl.DataFrame) -> None:
    """Densities of the logarithm of kip amounts, for each kind of movement."""
    kip = rows.filter(pl.col("currency") == "LAK")
    edges = np.logspace(3.5, 9, 90)
    for colour, (name, is_one) in zip(COLOURS, MOVEMENTS.items(), strict=True):
        counts, _ = np.histogram(kip.filter(is_one)["amount"].to_numpy(), edges)
        axes.plot(edges[:-1], counts / counts.sum(), color=colour, linewidth=1.1, label=name)
    axes.set_xscale("log")
    axes.legend(fontsize=8, frameon=False)
    axes.set_title("amounts in kip, share of rows", loc="left", fontsize=10)


def draw_partners(axes: "Axes", rows: pl.DataFrame) -> None:
    """Of each customer and each shop, how many others they dealt with: share that has more."""
    pairs = rows.select("orig_account_id", "benef_account_id").drop_nulls().unique()
    for colour, name, prefix in (
        (COLOURS[0], "payers of a customer", "A-FICT-0"),
        (COLOURS[1], "customers of a shop", "A-FICT-SHOP"),
    ):
        got = pairs.filter(pl.col("benef_account_id").str.starts_with(prefix))
        degrees = np.sort(got.group_by("benef_account_id").len()["len"].to_numpy())
        more = 1 - np.arange(len(degrees)) / len(degrees)
        axes.plot(degrees, more, color=colour, linewidth=1.2, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.legend(fontsize=8, frameon=False)
    axes.set_title("partners in 270 days, share that has as many or more", loc="left", fontsize=10)


def draw_hours(axes: "Axes", rows: pl.DataFrame) -> None:
    """Local hour of each kind of movement."""
    hour = rows.with_columns(hour=pl.col("event_time") // HOUR % 24)
    for colour, (name, is_one) in zip(COLOURS, MOVEMENTS.items(), strict=True):
        counts = np.bincount(hour.filter(is_one)["hour"].to_numpy(), minlength=24)
        if name != "wage":
            axes.plot(range(24), counts / counts.sum(), color=colour, linewidth=1.2, label=name)
    axes.set_xticks(range(0, 24, 3))
    axes.legend(fontsize=8, frameon=False)
    axes.set_title("local hour, share of rows", loc="left", fontsize=10)


def _rows() -> pl.DataFrame:
    rng = np.random.Generator(np.random.PCG64(SEED))
    country = draw_country(SETTINGS, rng)
    wanted = ("event_time", "txn_type", "amount", "currency", "orig_account_id", "benef_account_id")
    return pl.concat(block.happened.select(wanted) for block in blocks(country, ORDERLY, rng))


if __name__ == "__main__":
    main()
