"""What rows say: decoded, priced, their texts read, and for which of their sides they count."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.archive import ARCHIVED
from ingest.archive_feed import ArchivedRows
from ingest.block import raw_refs
from ingest.block_decode import BlockDecoder
from ingest.errors import RowFault
from ingest.feed import Message
from ingest.lexicon import Lexicon
from ingest.mapping import FeedSettings
from ingest.pricing import priced
from ingest.rates import Rates
from ingest.reference import References
from ingest.sides import Sides

SAID = tuple(name for name in ARCHIVED if name not in ("fate", "partition", "row"))
"""The ARCHIVED columns that follow from the row itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRows:
    """frame: SAID columns, `at`: each row's place among all that were read, `concepts`: what its
    text names. refused: rows that can be no transactions, by their place."""

    frame: pl.DataFrame
    refused: Mapping[int, RowFault]

    def part(self, first: int, after: int) -> "ReadRows":
        """Those from a place to before another, with places from 0 on."""
        low, high = np.searchsorted(self.frame["at"].to_numpy(), (first, after))
        return ReadRows(
            frame=self.frame[low:high].with_columns(pl.col("at") - first),
            refused={at - first: why for at, why in self.refused.items() if first <= at < after},
        )


class RowReader:
    """Reads rows of any batches together. State: what it has learned, which changes no result, so
    any number of intakes share one."""

    def __init__(
        self, settings: FeedSettings, references: References, rates: Rates, lexicon: Lexicon
    ) -> None:
        self._decoder = BlockDecoder(settings)
        self._sides = Sides(settings, references)
        self._rates, self._lexicon = rates, lexicon
        self.lateness, self.longest_gap = settings.lateness, settings.longest_gap

    @property
    def unknown_names(self) -> Counter[str]:
        """How many rows carried each source name that nothing maps."""
        return self._decoder.unknown_names

    def read(self, messages: Sequence[Message]) -> ReadRows:
        """What each row says. Texts are read here, and anew when a row comes out of an archive:
        what they name follows the lexicon of today."""
        if isinstance(messages, ArchivedRows):
            archived = messages.frame
            places = pl.int_range(archived.height, dtype=pl.Int64, eager=True).alias("at")
            frame = archived.select(*SAID).with_columns(places, self.concepts(archived))
            return ReadRows(frame=frame, refused={})
        decoded = self._decoder.decode(messages)
        return ReadRows(frame=self._said(decoded.frame, messages), refused=decoded.refused)

    def concepts(self, rows: pl.DataFrame) -> pl.Series:
        """What each row's remittance_text names, as `concepts`."""
        return self._lexicon.concepts(rows["remittance_text"]).alias("concepts")

    def _said(self, decoded: pl.DataFrame, messages: Sequence[Message]) -> pl.DataFrame:
        orig_holds, benef_holds = self._sides.held(decoded)
        money = priced(decoded, self._rates)
        return (
            pl.concat([decoded, money], how="horizontal")
            .with_columns(
                orig_holds.alias("orig_holds"),
                benef_holds.alias("benef_holds"),
                raw_refs(messages).gather(decoded["at"]).alias("raw_ref"),
                _quality_flags(decoded["flags"], money["price_flag"]).alias("quality_flags"),
                self.concepts(decoded),
            )
            .select("at", *SAID, "concepts")
        )


def _quality_flags(flags: pl.Series, price_flag: pl.Series) -> pl.Series:
    """Of each row the sorted list of all its flags. Few rows have any, and few lists differ."""
    text = pl.select(pl.concat_str(flags, price_flag, separator=" ", ignore_nulls=True)).to_series()
    kinds = text.unique()
    lists = kinds.str.extract_all("[A-Z_]+").list.sort()
    # Of no rows the replaced are still texts.
    return lists.gather(text.replace_strict(kinds, range(len(kinds))).cast(pl.UInt32))
