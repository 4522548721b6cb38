"""`python -m bench.chain`: NDJSON to alerts, beside Polars that only reads it; the first alert."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

import polars as pl

from bench.figures import Figure, print_table, timed

COUNTRY = (
    *(sys.executable, "-m", "palermo", "--quiet", "simulate", "--customers", "1500"),
    *("--days", "30", "--history", "30", "--seed", "3"),
)
DISORDER = ("--disorder",)
COMMAND = (sys.executable, "-m", "palermo", "--quiet", "run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """CPU seconds of a whole process, start and results included, and seconds on the wall."""

    cpu: float
    wall: float


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="palermo-bench-") as name:
        folder = Path(name)
        print_table("NDJSON to alerts, one core", chain(folder))
        print_table("From start to the demo's alerts", first_alert(folder))


def chain(folder: Path) -> list[Figure]:
    """The same invented country, in order and disordered, each read whole by a fresh process."""
    figures = []
    reading: list[float] = []
    for kind, option, goal in (
        ("in order", (), ">= 0.20 x"),
        ("disordered", DISORDER, ">= 0.12 x"),
    ):
        feed = folder / kind.replace(" ", "-")
        country = (*COUNTRY, "--out", str(feed), *option)
        subprocess.run(country, check=True, stdout=subprocess.DEVNULL)
        path = feed / "feed.ndjson"
        rows = sum(1 for _ in path.open("rb"))
        if not reading:
            # What Polars reads is in order and without broken lines, in both ratios.
            reading = [rows / seconds for seconds in timed(partial(pl.read_ndjson, path))]
            figures.append(
                Figure(name="polars.read_ndjson", goal="", unit="rows/s", values=reading)
            )
        _run(feed, folder / f"first-{kind}")  # Compiles kernels and fills the page cache.
        runs = [_run(feed, folder / f"out-{kind}-{i}") for i in range(3)]
        rates = [rows / run.cpu for run in runs]
        figures += [
            Figure(name=f"palermo run, {kind}", goal="", unit="rows/s", values=rates),
            Figure(
                name=f"palermo run, {kind} / polars.read_ndjson",
                goal=goal,
                unit="x",
                values=[a / b for a, b in zip(rates, reading, strict=True)],
            ),
        ]
    archived = folder / "first-in order" / "archive"
    config = folder / "in-order" / "palermo.toml"
    again = [_run(archived, folder / f"again-{i}", config=config) for i in range(3)]
    figures.append(
        Figure(
            name="palermo run, the archive of the feed in order",
            goal=">= 150,000",
            unit="rows/s",
            values=[_archived_rows(archived) / run.cpu for run in again],
        )
    )
    return figures


def _archived_rows(folder: Path) -> int:
    return int(pl.scan_parquet(folder / "*.parquet").select(pl.len()).collect().item())


def first_alert(folder: Path) -> list[Figure]:
    """The whole demo feed: its alerts are there when the command ends."""
    feed = Path(str(files("palermo") / "demo_feed"))
    warm = [_run(feed, folder / f"warm-{i}").wall for i in range(3)]
    empty = {"NUMBA_CACHE_DIR": str(folder / "compiled")}
    cold = [_run(feed, folder / "cold", environment=empty).wall]
    return [
        Figure(name="compiled before", goal="<= 3", unit="s (wall)", values=warm),
        Figure(name="compile cache empty", goal="<= 15", unit="s (wall)", values=cold),
    ]


def _run(
    feed: Path,
    out: Path,
    *,
    config: Path | None = None,
    environment: dict[str, str] | None = None,
) -> Run:
    given = () if config is None else ("--config", str(config))
    command: Sequence[str] = (*COMMAND, "--feed", str(feed), "--out", str(out), *given)
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **(environment or {}), "POLARS_MAX_THREADS": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(cpu=cpu, wall=time.perf_counter() - begun)


if __name__ == "__main__":
    main()
