"""Rows frozen with an alert, packed on the way: the same rows however often."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import polars as pl
import pytest

from ingest.archive import ARCHIVED
from palermo.evidence import parts_by_alert

KEYS = pl.DataFrame(
    {"key": ["A-FICT-0001", "A-FICT-0002"], "alert_id": ["first", "second"]},
    schema={"key": pl.String(), "alert_id": pl.String()},
)


@dataclass(frozen=True, slots=True)
class Frames:
    """An archive of files with these rows each."""

    frames: tuple[pl.DataFrame, ...]

    def read(self, *, upto: int | None = None) -> Iterator[pl.DataFrame]:
        yield from self.frames


def rows(first: int, payers: tuple[str, ...]) -> pl.DataFrame:
    count = len(payers)
    return (
        pl.DataFrame(schema=ARCHIVED)
        .clear(count)
        .with_columns(
            pl.Series("row", range(first, first + count), dtype=ARCHIVED["row"]),
            pl.Series("fate", ["scored"] * count, dtype=pl.String()),
            pl.Series("orig_account_id", payers, dtype=pl.String()),
            pl.Series("benef_account_id", ["A-FICT-0002"] * count, dtype=pl.String()),
        )
    )


@pytest.mark.parametrize("at_most", [0, 3, 1_000])
def test_packed_often_or_once_the_rows_of_an_alert_are_the_same(at_most: int) -> None:
    archive = Frames(
        (
            rows(1, ("A-FICT-0001", "A-FICT-0003")),
            rows(3, ("A-FICT-0001",)),
            rows(4, ("A-FICT-0003", "A-FICT-0001", "A-FICT-0001")),
        )
    )

    parts = parts_by_alert(archive, KEYS, at_most=at_most)

    kept = {
        alert: pl.concat([pl.read_ipc(BytesIO(part)) for part in of_alert])["row"].to_list()
        for alert, of_alert in parts.items()
    }
    assert kept == {"first": [1, 3, 5, 6], "second": [1, 2, 3, 4, 5, 6]}
    assert len(parts["second"]) == {0: 3, 3: 2, 1_000: 1}[at_most]
