"""`python -m bench.rows_read`: rows read, decoded and decided, beside Polars only reading them."""

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl

from bench.figures import Figure, print_table, timed
from ingest.file_feed import FileFeed
from ingest.intake import Intake
from ingest.lexicon import Lexicon
from ingest.mapping import FeedSettings
from ingest.reference_feed import read_rates, read_references
from ingest.row_reader import RowReader
from models.bundle import load_bundle

COUNTRY = (
    *(sys.executable, "-m", "palermo", "simulate"),
    *("--customers", "300", "--days", "60", "--history", "60", "--seed", "3"),
)
FEED = "feed.ndjson"
BATCH_ROWS = 5_000
TIMES = 5


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="palermo-bench-") as name:
        orderly = _simulated(Path(name) / "in-order")
        disordered = _simulated(Path(name) / "disordered", "--disorder")
        print_table("NDJSON to transactions with fates, one core", figures(orderly, disordered))


def figures(orderly: Path, disordered: Path) -> list[Figure]:
    """Rows a CPU second. What Polars reads is in order and without broken lines, in both ratios."""
    reading = _rates(orderly, partial(pl.read_ndjson, orderly / FEED))
    found = [Figure(name="polars.read_ndjson", goal="", unit="rows/s", values=reading)]
    for kind, folder in (("in order", orderly), ("disordered", disordered)):
        taking = _rates(folder, partial(_take_all, folder))
        ratios = [ours / bare for ours, bare in zip(taking, reading, strict=True)]
        found.append(Figure(name=f"ingest, {kind}", goal="", unit="rows/s", values=taking))
        found.append(Figure(name=f"ingest / polars, {kind}", goal="", unit="x", values=ratios))
    return found


def _simulated(folder: Path, *options: str) -> Path:
    command = (*COUNTRY, "--out", str(folder), *options)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def _rates(folder: Path, work: Callable[[], object]) -> list[float]:
    rows = sum(1 for _ in (folder / FEED).open("rb"))
    work()  # The first time compiles kernels and fills the page cache.
    return [rows / spent for spent in timed(work, times=TIMES)]


def _take_all(folder: Path) -> None:
    settings = FeedSettings.model_validate(
        tomllib.loads((folder / "palermo.toml").read_text("utf-8"))["feed"]
    )
    references, rates = read_references(settings, folder), read_rates(settings, folder)
    bundle = load_bundle(base_currency=settings.base_currency, references="", rates="")
    intake = Intake(RowReader(settings, references, rates, Lexicon(bundle.terms())))
    feed = FileFeed(folder / FEED, settings)
    is_end = False
    while not is_end:
        batch = feed.poll(at_most=BATCH_ROWS, wait=0)
        intake.accept(batch)
        is_end = batch.is_end
    feed.close()


if __name__ == "__main__":
    main()
