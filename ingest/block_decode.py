"""Batches of rows decoded: the plain ones column by column, the others one by one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.block import joined
from ingest.decode import Decoded, Decoder
from ingest.decoded import DECODED, decoded_frame
from ingest.errors import RowFault
from ingest.fast_decode import FastDecoder
from ingest.feed import Message
from ingest.mapping import FeedSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedBatch:
    """frame: DECODED rows in the order read; refused: the others, by their place."""

    frame: pl.DataFrame
    refused: Mapping[int, RowFault]


class BlockDecoder:
    """Turns messages into DECODED rows and faults: as the strict decoder does, row by row."""

    def __init__(self, settings: FeedSettings) -> None:
        self._strict = Decoder(settings)
        self._fast = FastDecoder(settings)

    @property
    def unknown_names(self) -> Counter[str]:
        """How many rows carried each source name that nothing maps."""
        return self._strict.unknown_names

    def decode(self, messages: Sequence[Message]) -> DecodedBatch:
        """What each message is."""
        if not messages:
            return DecodedBatch(frame=pl.DataFrame(schema=DECODED), refused={})
        fast = self._fast.decode(joined(messages))
        self.unknown_names.update(fast.extra)
        places: list[int] = []
        rows: list[Decoded] = []
        refused: dict[int, RowFault] = {}
        for at in np.flatnonzero(fast.is_left).tolist():
            try:
                rows.append(self._strict.decode(messages[at]))
                places.append(at)
            except RowFault as fault:
                refused[at] = fault
        self._fast.learn(list(self.unknown_names))
        if not rows:
            return DecodedBatch(frame=fast.frame, refused=refused)
        together = pl.concat([fast.frame, decoded_frame(places, rows)]).sort("at")
        return DecodedBatch(frame=together, refused=refused)
