"""A Parquet file as a feed: the rows of its lines of JSON, with the same fates."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ingest.errors import FeedUnreadable
from ingest.file_feed import FileFeed
from ingest.intake import Accepted, Intake
from ingest.lexicon import Lexicon
from ingest.mapping import FeedSettings
from ingest.rates import Rates
from ingest.reference import References
from ingest.row_reader import RowReader

SETTINGS = FeedSettings(source_id="fict-bank")
ROWS = 50
FRAME = pl.DataFrame(
    {
        "txn_id": [f"T-FICT-{n}" for n in range(ROWS)],
        "event_time": [
            datetime(2026, 1, 5, 3, tzinfo=UTC) + timedelta(minutes=n) for n in range(ROWS)
        ],
        "txn_type": ["TRANSFER"] * ROWS,
        "amount": pl.Series([Decimal(1000 + n) / 4 for n in range(ROWS)], dtype=pl.Decimal(24, 5)),
        "currency": ["LAK"] * (ROWS - 1) + ["XXZ"],
        "orig_account_id": [f"A-FICT-{n % 7}" for n in range(ROWS)],
        "benef_account_id": [None if n % 5 == 0 else "A-FICT-9" for n in range(ROWS)],
    }
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "rows.parquet"
    FRAME.write_parquet(file, row_group_size=11)
    return file


def accepted(path: Path, *, at_most: int) -> list[Accepted]:
    intake = Intake(RowReader(SETTINGS, References(), Rates(base_currency="LAK"), Lexicon({})))
    taken = []
    with closing(FileFeed(path, SETTINGS)) as feed:
        while True:
            batch = feed.poll(at_most=at_most, wait=0)
            taken.append(intake.accept(batch))
            if batch.is_end:
                return taken


@pytest.mark.parametrize("at_most", [1, 7, 1000])
def test_a_table_gives_the_transactions_of_its_lines(path: Path, at_most: int) -> None:
    lines = path.with_name("rows.ndjson")
    lines.write_text(
        "".join(
            f'{{"txn_id": "T-FICT-{n}", "event_time": "{row["event_time"].isoformat()}", '
            f'"txn_type": "TRANSFER", "amount": "{row["amount"]}", '
            f'"currency": "{row["currency"]}", "orig_account_id": "{row["orig_account_id"]}"'
            + (
                f', "benef_account_id": "{row["benef_account_id"]}"'
                if row["benef_account_id"]
                else ""
            )
            + "}\n"
            for n, row in enumerate(FRAME.iter_rows(named=True))
        )
    )

    of_table = [each.archived.drop("raw_ref") for each in accepted(path, at_most=at_most)]
    of_lines = [each.archived.drop("raw_ref") for each in accepted(lines, at_most=1000)]

    assert pl.concat(of_table).equals(pl.concat(of_lines))


def test_a_row_that_is_refused_keeps_its_content(path: Path) -> None:
    rejects = [reject for each in accepted(path, at_most=7) for reject in each.rejects]

    assert [reject.reason for reject in rejects] == ["currency_unknown"]
    assert b'"T-FICT-49"' in rejects[0].raw
    assert rejects[0].where == "rows.parquet:50"


def test_a_run_goes_on_within_a_table(path: Path) -> None:
    with closing(FileFeed(path, SETTINGS)) as first:
        upto = first.poll(at_most=20, wait=0).upto

    with closing(FileFeed(path, SETTINGS)) as feed:
        feed.seek(upto)
        rows = feed.poll(at_most=1, wait=0).messages

    assert b'"T-FICT-20"' in rows[0].value


def test_a_cut_table_is_told(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])

    with (
        closing(FileFeed(path, SETTINGS)) as feed,
        pytest.raises(FeedUnreadable, match=r"rows\.parquet is damaged"),
    ):
        feed.poll(at_most=5, wait=0)


def test_the_hash_is_of_the_file_as_it_lies(path: Path) -> None:
    with closing(FileFeed(path, SETTINGS)) as feed:
        while not feed.poll(at_most=1000, wait=0).is_end:
            continue
        [read] = feed.files_read()

    assert (read.bytes, read.is_complete) == (path.stat().st_size, True)
