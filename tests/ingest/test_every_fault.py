"""One feed with every fault a bank has sent: each row has one fate and the counts add up."""

import tracemalloc
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from ingest.file_feed import FileFeed
from ingest.intake import Accepted, Intake
from ingest.lexicon import Lexicon
from ingest.mapping import FeedSettings
from ingest.rates import Rates
from ingest.reference import References
from ingest.row_reader import RowReader
from ingest.transaction import FATES

TEN_MEGABYTES = 10 << 20
GOOD = {
    "currency": "LAK",
    "amount": "250000",
    "orig_account_id": "A-FICT-0001",
    "benef_account_id": "A-FICT-0002",
}


def line(txn_id: str | None, **given: object) -> bytes:
    usual = {"txn_id": txn_id, "event_time": "2024-03-01T10:00:00", **GOOD}
    return msgspec.json.encode({**usual, **given})


FEED: list[tuple[bytes, str]] = [
    (line("T-01"), "scored"),
    (b'{"txn_id": "T-02", ', "bad_json"),
    (line("T-03", orig_account_id=[1]), "wrong_type"),
    (line("T-04", amount="12345678901234567890"), "amount_too_long"),
    (line("T-05", currency="KIP"), "currency_unknown"),
    (line("T-06", amount="-5"), "amount_negative"),
    (line("T-07").replace(b"FICT", b"FI\x00CT"), "nul_byte"),
    (line("T-08").replace(b"FICT", b"FI\xc3\x28CT"), "bad_encoding"),
    (line(None), "id_missing"),
    (line("T-10", event_time="2031-01-01T00:00:00"), "future"),
    (line("T-11", ingest_time="2024-03-01T09:00:00"), "future"),
    (line("T-12", remittance_text="x" * TEN_MEGABYTES), "oversize_row"),
    (line("T-01"), "duplicate"),
    (line("T-14", source_revision=2, amount="9"), "scored"),
    (line("T-14", source_revision=1, amount="8"), "amendment"),
    (line("T-16", status="PENDING"), "scored"),
    (line("T-16", status="BOOKED"), "amendment"),
    (line("T-18", reversal_of="T-01", event_time="2024-03-01T12:00:00"), "scored"),
    (line("T-19", event_time="2024-02-01T12:00:00"), "late"),
    (line("T-20", currency="CHF"), "scored"),
    (line("T-21")[:-9], "torn_row"),
]


@pytest.fixture
def feed_file(tmp_path: Path) -> Path:
    path = tmp_path / "transactions.ndjson"
    path.write_bytes(b"\n".join(row for row, _ in FEED))
    return path


def read(path: Path, at_most: int) -> list[Accepted]:
    settings = FeedSettings()
    intake = Intake(RowReader(settings, References(), Rates(base_currency="LAK"), Lexicon({})))
    feed = FileFeed(path, settings)
    taken: list[Accepted] = []
    while True:
        batch = feed.poll(at_most=at_most, wait=0)
        taken.append(intake.accept(batch))
        if batch.is_end:
            feed.close()
            return taken


@pytest.mark.parametrize("at_most", [1, 7, 1_000])
def test_every_row_has_one_fate_and_the_counts_add_up(feed_file: Path, at_most: int) -> None:
    taken = read(feed_file, at_most)

    counts = sum((Counter(accepted.fates) for accepted in taken), Counter[str]())
    expected = Counter(fate if fate in FATES else "reject" for _, fate in FEED)
    assert counts == expected
    assert counts.total() == len(FEED)


def test_each_fault_is_told_by_its_reason_and_line(feed_file: Path) -> None:
    rejects = [reject for accepted in read(feed_file, 5) for reject in accepted.rejects]

    expected = [
        (f"transactions.ndjson:{number}", fate)
        for number, (_, fate) in enumerate(FEED, start=1)
        if fate not in FATES
    ]
    assert [(reject.where, reject.reason) for reject in rejects] == expected


def test_what_counts_in_the_end_is_the_winning_content_of_each_id(feed_file: Path) -> None:
    (accepted,) = read(feed_file, 1_000)

    added = accepted.transactions.added
    assert dict(zip(added["reference"], added["status"], strict=True)) == {
        "T-01": "BOOKED",
        "T-14": "BOOKED",
        "T-16": "BOOKED",
        "T-18": "BOOKED",
        "T-20": "BOOKED",
    }
    assert added["amount"].to_list() == ["250000", "9", "250000", "250000", "250000"]
    assert added["quality_flags"].to_list()[-1] == ["FX_MISSING"]


def test_a_row_of_ten_megabytes_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.ndjson"
    path.write_bytes(b"x" * TEN_MEGABYTES + b"\n" + line("T-01"))
    read(path, 10)

    tracemalloc.start()
    accepted = read(path, 10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert accepted[0].fates["scored"] == 1
    assert peak < TEN_MEGABYTES // 2


def test_a_torn_row_of_delimited_text_is_told_from_a_short_one(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "txn_id,event_time,amount,currency,orig_account_id\n"
        "T-01,2024-03-01T10:00:00,5\n"
        "T-02,2024-03-01T10:00:00,5,LAK,A-FICT-0001\n"
        'T-03,2024-03-01T10:00:00,5,"LA'
    )

    (accepted,) = read(path, 10)

    assert [reject.reason for reject in accepted.rejects] == ["missing_columns", "torn_row"]
    assert accepted.fates["scored"] == 1
