"""`palermo simulate`: a country that does not exist, as a feed, its references and its truth."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl
import typer

from ingest.simulated.disorder import FILES, ORDERLY
from ingest.simulated.files import Format
from ingest.simulated.labels import write_labels
from ingest.simulated.manifest import MANIFEST, write_manifest
from ingest.simulated.plan import CountrySettings
from ingest.simulated.write import write_country
from palermo.config import load_settings
from palermo.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be simulated. days are scored, history comes before."""

    customers: int
    days: int
    history: int
    seed: int
    schemes_per_10k: float
    is_disordered: bool
    format: Format = "ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """To the first raw topic of the settings, rows a second."""

    config: Path | None
    rate: float


def show_simulation(folder: Path, order: Order, sending: Sending | None = None) -> None:
    """Writes the folder, sends its rows where that is wanted, and says what is in it. Raises
    UsageError where it holds something else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise UsageError(f"{folder}: holds files that are not a simulation; name another folder")
    settings = CountrySettings(
        customers=order.customers,
        days=order.days,
        history=order.history,
        schemes_per_10k=order.schemes_per_10k,
    )
    disorder = FILES if order.is_disordered else ORDERLY
    rng = np.random.Generator(np.random.PCG64(order.seed))
    with ExitStack() as stack:
        also = None if sending is None else stack.enter_context(_topic(sending))
        written = write_country(folder, settings, rng, disorder, order.format, also=also)
    write_labels(folder / "labels", written, seed=order.seed, schemes_per_10k=order.schemes_per_10k)
    write_manifest(folder, written, seed=order.seed, options=asdict(order))
    country = written.country
    typer.echo(
        f"{written.tally.rows:,} transactions of {len(country.people):,} invented customers, "
        f"{len(country.schemes)} schemes and {len(country.look_alikes)} look-alikes in {folder}"
    )
    typer.echo(f"next: palermo run --feed {folder} --out {folder}-out")


def _topic(sending: Sending) -> AbstractContextManager[Callable[[pl.DataFrame], None]]:
    from palermo.sending import Pace, raw_topic

    settings = load_settings(sending.config).settings.kafka
    return raw_topic(settings, Pace(rate=sending.rate))
