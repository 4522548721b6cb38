"""`python -m ingest.simulated --out DIR`: a country as files, for long runs and for tests."""

import argparse
from pathlib import Path

import numpy as np

from ingest.simulated.disorder import ORDERLY, USUAL
from ingest.simulated.plan import CountrySettings
from ingest.simulated.write import write_country


def main() -> None:
    """Writes the feed, its reference files, palermo.toml and truth.ndjson into a folder."""
    given = _arguments()
    settings = CountrySettings(
        customers=given.customers, days=given.days, schemes_per_10k=given.schemes_per_10k
    )
    rng = np.random.Generator(np.random.PCG64(given.seed))
    write_country(given.out, settings, rng, USUAL if given.disorder else ORDERLY)


def _arguments() -> argparse.Namespace:
    usual = CountrySettings()
    parser = argparse.ArgumentParser(prog="python -m ingest.simulated", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--customers", type=int, default=usual.customers)
    parser.add_argument("--days", type=int, default=usual.days)
    parser.add_argument("--schemes-per-10k", type=float, default=usual.schemes_per_10k)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--disorder", action="store_true", help="late, twice, torn, amended rows")
    return parser.parse_args()


if __name__ == "__main__":
    main()
