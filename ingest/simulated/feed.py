"""The simulated country as a Feed: rows are made when they are asked for."""

from collections.abc import Iterator

import numpy as np

from ingest.feed import Message, Position, RawBatch
from ingest.simulated.disorder import ORDERLY, Disorder
from ingest.simulated.plan import Country, CountrySettings, draw_country
from ingest.simulated.stream import lines

PARTITION = "simulated"


class SimulatedFeed:
    """Rows of a country drawn from a seed, at most a block of days of them in memory.

    A position is the number of rows given; seeking makes them again and passes over them.
    """

    def __init__(
        self, settings: CountrySettings, *, seed: int, disorder: Disorder = ORDERLY
    ) -> None:
        rng = np.random.Generator(np.random.PCG64(seed))
        self.country: Country = draw_country(settings, rng)
        self._origin = f"simulated-{seed}"
        self._rows = _rows(self.country, disorder, rng)
        self._given = 0

    def poll(self, *, at_most: int, wait: float) -> RawBatch:
        messages: list[Message] = []
        while len(messages) < at_most and (row := next(self._rows, None)) is not None:
            self._given += 1
            messages.append(self._message(row))
        return RawBatch(
            messages=messages,
            upto={"row": self._given},
            partition=PARTITION,
            is_end=len(messages) < at_most,
        )

    def seek(self, position: Position) -> None:
        """Only before the first poll."""
        wanted = int(str(position["row"]))
        while self._given < wanted and next(self._rows, None) is not None:
            self._given += 1

    def acknowledge(self, upto: Position) -> None:
        """Nothing to do: the rows can always be made again."""

    def close(self) -> None:
        """Nothing is open."""

    def _message(self, row: str) -> Message:
        value = row.encode()
        return Message(
            value=value,
            where=f"{self._origin} row {self._given}",
            raw_ref=f"{self._origin}#{self._given}+{len(value)}",
        )


def _rows(country: Country, disorder: Disorder, rng: np.random.Generator) -> Iterator[str]:
    for block in lines(country, disorder, rng):
        yield from block
