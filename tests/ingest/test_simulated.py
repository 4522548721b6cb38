"""The simulated country: the same from a seed, readable by the decoder, disordered as told."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from ingest.feed import Message
from ingest.file_feed import FileFeed
from ingest.intake import Accepted, Intake
from ingest.lexicon import Lexicon
from ingest.mapping import FeedSettings
from ingest.reference import References
from ingest.reference_feed import read_rates, read_references
from ingest.row_reader import RowReader
from ingest.simulated import demo
from ingest.simulated.cast import kilometres
from ingest.simulated.country import BORDER_TOWNS, TOWNS, places
from ingest.simulated.czech_export import plant_schemes, write_export
from ingest.simulated.disorder import ORDERLY, USUAL, Disorder
from ingest.simulated.feed import SimulatedFeed
from ingest.simulated.files import FORMATS, Format, feed_name
from ingest.simulated.plan import CountrySettings, draw_country
from ingest.simulated.rows import DAY
from ingest.simulated.stream import blocks, lines
from ingest.simulated.write import write_country

SMALL = CountrySettings(customers=120, days=40, history=20, schemes_per_10k=1_000)
DEMO_FEED = Path(__file__).parents[2] / "palermo" / "demo_feed"


def seeded(seed: int = 7) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


FEED = feed_name("ndjson")


def settings_of(text: str) -> FeedSettings:
    return FeedSettings.model_validate(tomllib.loads(text)["feed"])


def polled(feed: SimulatedFeed, at_most: int) -> Iterable[Message]:
    while True:
        batch = feed.poll(at_most=at_most, wait=0)
        yield from batch.messages
        if batch.is_end:
            return


def references_of(folder: Path) -> References:
    return read_references(settings_of((folder / "palermo.toml").read_text()), folder)


def accepted_of(folder: Path) -> Iterable[Accepted]:
    settings = settings_of((folder / "palermo.toml").read_text())
    references, rates = read_references(settings, folder), read_rates(settings, folder)
    intake = Intake(RowReader(settings, references, rates, Lexicon({})))
    with closing(FileFeed(folder, settings)) as feed:
        while True:
            batch = feed.poll(at_most=5_000, wait=0)
            yield intake.accept(batch)
            if batch.is_end:
                return


def fates_of(folder: Path) -> Counter[str]:
    fates = Counter[str]()
    for accepted in accepted_of(folder):
        fates.update(accepted.fates)
    return fates


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_country(tmp_path / name, SMALL, seeded(), USUAL)

    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "other" / file.name).read_bytes(), file.name


def test_another_seed_gives_other_people() -> None:
    one, other = draw_country(SMALL, seeded(1)), draw_country(SMALL, seeded(2))

    assert one.people.income.tolist() != other.people.income.tolist()


def test_an_orderly_country_is_scored_but_for_rows_that_are_booked_later(tmp_path: Path) -> None:
    write_country(tmp_path, SMALL, seeded())

    fates = fates_of(tmp_path)

    lines = (tmp_path / FEED).read_bytes().splitlines()
    assert fates["scored"] > 2_000
    assert fates["amendment"] == sum(b'"PENDING"' in line for line in lines) > 50
    assert fates.total() == fates["scored"] + fates["amendment"]


def test_a_disordered_country_has_every_fate_but_late(tmp_path: Path) -> None:
    write_country(tmp_path, SMALL, seeded(), USUAL)

    fates = fates_of(tmp_path)

    assert min(fates["scored"], fates["duplicate"], fates["amendment"], fates["reject"]) > 0
    assert fates["late"] == 0


def test_a_transfer_between_two_banks_is_told_by_each_under_one_reference(tmp_path: Path) -> None:
    write_country(tmp_path, SMALL, seeded())

    told = Counter[tuple[str, str, bool]]()
    for row in map(msgspec.json.decode, (tmp_path / FEED).read_bytes().splitlines()):
        other = row.get("benef_agent_bic" if row["direction"] == "DEBIT" else "orig_agent_bic")
        is_connected = other in ("fict-bank-a", "fict-bank-b", "fict-bank-c", "fict-bank-d")
        if is_connected and "status" not in row:
            told[row["end_to_end_id"], row["direction"], "merchant_id" in row] += 1

    transfers = [key for key in told if not key[2]]
    assert set(told.values()) == {1}
    assert len(transfers) == 2 * len({reference for reference, *_ in transfers}) > 1_000


def test_every_transfer_counts_once_for_each_account(tmp_path: Path) -> None:
    write_country(tmp_path, SMALL, seeded())

    rows = pl.concat(accepted.transactions.added for accepted in accepted_of(tmp_path))

    between = rows.filter(pl.col("end_to_end_id").is_not_null(), pl.col("merchant_id").is_null())
    counted = between.group_by("end_to_end_id").agg(pl.col("orig_holds", "benef_holds").sum())
    assert rows["source_id"].n_unique() == 4
    assert between.height > counted.height > 1_000
    assert counted["orig_holds"].unique().to_list() == [1]
    assert counted["benef_holds"].unique().to_list() == [1]


def test_a_merchants_bank_tells_of_a_days_sales_to_others_customers_at_once() -> None:
    country = draw_country(SMALL, seeded())

    rows = pl.concat(block.happened for block in blocks(country, ORDERLY, seeded()))

    a_day = pl.col("event_time") // DAY
    sold = rows.filter(pl.col("merchant_id").is_not_null())
    sums = [
        told.group_by("benef_account_id", a_day).agg(pl.col("amount").sum()).rows()
        for told in (
            sold.filter(pl.col("direction") == "DEBIT", pl.col("reversal_of").is_null()),
            rows.filter(pl.col("txn_type") == "OTHER"),
        )
    ]
    assert set(sums[0]) == set(sums[1])
    assert len(sums[1]) > 500


def test_late_rows_are_the_same_rows_in_another_order(tmp_path: Path) -> None:
    write_country(tmp_path / "orderly", SMALL, seeded())
    write_country(tmp_path / "late", SMALL, seeded(), Disorder(late=0.5))

    orderly, late = (
        (tmp_path / name / FEED).read_bytes().splitlines() for name in ("orderly", "late")
    )
    assert late != orderly
    assert len(late) == len(orderly)


def test_reference_files_are_read_without_a_fault(tmp_path: Path) -> None:
    write_country(tmp_path, SMALL, seeded())

    references = references_of(tmp_path)

    assert references.faults == ()
    assert references.missing == ()
    assert len(references.customers) > SMALL.customers


def test_every_account_of_a_customer_has_its_holder_in_the_references(tmp_path: Path) -> None:
    write_country(tmp_path, SMALL, seeded())
    references = references_of(tmp_path)

    rows = map(msgspec.json.decode, (tmp_path / FEED).read_bytes().splitlines())

    used = {
        row[f"{side}_account_id"]
        for row in rows
        for side in ("orig", "benef")
        if f"{side}_account_id" in row
    }
    unknown = {account for account in used if account not in references.accounts}
    assert all(account.startswith("X-FICT-") for account in unknown)


def test_the_feed_gives_the_rows_of_the_file_in_its_order(tmp_path: Path) -> None:
    write_country(tmp_path, SMALL, seeded(7), USUAL)

    rows = [message.value for message in polled(SimulatedFeed(SMALL, seed=7, disorder=USUAL), 999)]

    assert rows == (tmp_path / FEED).read_bytes().splitlines()


def test_a_feed_goes_on_after_a_position_taken_earlier() -> None:
    whole = [message.value for message in polled(SimulatedFeed(SMALL, seed=7), 1_000)]
    first = SimulatedFeed(SMALL, seed=7)
    position = first.poll(at_most=1_234, wait=0).upto

    second = SimulatedFeed(SMALL, seed=7)
    second.seek(position)

    assert [message.value for message in polled(second, 500)] == whole[1_234:]


def test_blocks_of_days_come_in_the_order_in_which_rows_are_sent() -> None:
    country = draw_country(SMALL, seeded())

    starts = [block[0] for block in lines(country, ORDERLY, seeded())]

    times = [msgspec.json.decode(line)["event_time"] for line in starts]
    assert times == sorted(times)
    assert times[0].startswith("2025-03-03")


def test_every_subdivision_has_its_places_with_coordinates() -> None:
    assert len({town.region for town in TOWNS}) == 18
    assert all(place.lat is not None and place.lon is not None for place in places())
    assert len({place.place_id for place in places()}) == len(places())


def test_some_towns_lie_at_the_border_and_far_from_others() -> None:
    assert len(BORDER_TOWNS) >= 3
    assert max(kilometres(border, other) for border in BORDER_TOWNS for other in range(18)) > 300


@pytest.mark.parametrize(
    "name", ["transactions", "customers", "accounts", "places", "licences", "palermo"]
)
def test_the_committed_demo_feed_is_what_the_script_makes(name: str, tmp_path: Path) -> None:
    demo.write_demo(tmp_path)
    file = next(tmp_path.glob(f"{name}.*")).name

    assert (tmp_path / file).read_bytes() == (DEMO_FEED / file).read_bytes(), (
        "run `python -m ingest.simulated.demo palermo/demo_feed`"
    )


def test_the_demo_feed_is_small_and_plainly_fictional() -> None:
    files = [file for file in DEMO_FEED.iterdir() if file.is_file()]
    rows = (DEMO_FEED / "transactions.ndjson").read_bytes().splitlines()

    assert sum(file.stat().st_size for file in files) < 2_000_000
    ids = {
        row[k]
        for row in map(msgspec.json.decode, rows)
        for k in row
        if k.endswith(("account_id", "party_id"))
    }
    assert all("-FICT-" in each for each in ids)


def test_an_export_with_planted_schemes_stays_in_order_and_torn_at_its_end(tmp_path: Path) -> None:
    write_export(tmp_path, accounts=20, days=200, rng=seeded())
    plant_schemes(tmp_path, on=date(1993, 4, 1), rng=seeded())

    *rows, last = (tmp_path / "trans.asc").read_bytes().splitlines()[1:]

    days = [row.split(b";")[2] for row in rows]
    assert days == sorted(days)
    assert b"930401" in days
    assert last == b'9999999;1;940331;"PRIJE'


def test_a_block_of_days_is_all_that_is_held_of_a_long_feed() -> None:
    country = draw_country(SMALL, seeded())

    longest = max(len(block) for block in lines(country, USUAL, seeded()))

    whole = sum(len(block) for block in lines(country, USUAL, seeded()))
    assert longest < whole / 2


def test_delimited_text_is_scored_as_the_lines_are(tmp_path: Path) -> None:
    for format in ("ndjson", "csv"):
        write_country(tmp_path / format, SMALL, seeded(), format=format)

    assert fates_of(tmp_path / "csv") == fates_of(tmp_path / "ndjson")


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_has_the_same_bytes_from_the_same_seed(format: Format, tmp_path: Path) -> None:
    written = [
        write_country(tmp_path / name, SMALL, seeded(), USUAL, format).feed_sha256
        for name in ("one", "other")
    ]

    assert written[0] == written[1]


def test_parquet_holds_the_rows_of_the_lines(tmp_path: Path) -> None:
    for format in ("ndjson", "parquet"):
        write_country(tmp_path / format, SMALL, seeded(), format=format)

    lines = map(msgspec.json.decode, (tmp_path / "ndjson" / FEED).read_bytes().splitlines())
    rows = pl.read_parquet(tmp_path / "parquet" / "feed.parquet")

    told = [(row["txn_id"], row["event_time"], int(row["amount"])) for row in lines]
    assert rows.select("txn_id", "event_time", "amount").rows() == told
