"""Which bank holds which account: a few banks of very different size, none of which exists."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.simulated.people import Indices

OUTSIDE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Banks:
    """names: of the banks that report. accounts: all that they hold; bank: of each of them, the
    position of its bank among the names."""

    names: tuple[str, ...]
    accounts: pl.Series
    bank: Indices

    @property
    def are_several(self) -> bool:
        """Whether rows and accounts must say whose they are."""
        return len(self.names) > 1

    def positions(self, accounts: pl.Series) -> Indices:
        """Of each of these, where it stands among all accounts; OUTSIDE where no bank of the
        country's holds it, or there is none."""
        known = pl.int_range(len(self.accounts), dtype=pl.Int64, eager=True)
        found = accounts.replace_strict(self.accounts, known, default=OUTSIDE)
        return found.fill_null(OUTSIDE).to_numpy()

    def banks_at(self, positions: Indices) -> Indices:
        """Of accounts by position, the position of the bank; OUTSIDE stays what it is."""
        return np.append(self.bank, OUTSIDE)[positions]


def draw_banks(
    shares: tuple[tuple[str, float], ...], accounts: pl.Series, rng: np.random.Generator
) -> Banks:
    """shares: of all accounts, by the name of the bank."""
    bank = rng.choice(len(shares), size=len(accounts), p=[share for _, share in shares])
    return Banks(names=tuple(name for name, _ in shares), accounts=accounts, bank=bank)
