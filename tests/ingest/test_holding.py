"""Where rows go: to the partition of each holder, one side each."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from ingest.holding import Holding, Homes
from ingest.reference import Account, References
from ingest.transaction import TransactionBatch

Make = Callable[..., Any]
APRIL = datetime(2024, 4, 1, tzinfo=UTC)


@pytest.fixture
def taken(row: Make, batch: Make, intake: Make) -> Callable[..., TransactionBatch]:
    """What an intake without reference data makes of some rows."""

    def make(*rows: dict[str, Any]) -> TransactionBatch:
        transactions: TransactionBatch = intake().accept(batch(rows)).transactions
        return transactions

    return make


def test_every_held_side_arrives_once_wherever_it_lives(row: Make, taken: Make) -> None:
    whole = taken(
        *(
            row(
                txn_id=f"T-{number}",
                orig_account_id=f"A-FICT-{number % 7}",
                benef_account_id=f"A-FICT-{number % 11 + 20}",
            )
            for number in range(200)
        )
    )

    parts = Homes(References(), 4).split(whole)

    assert set(parts) == {0, 1, 2, 3}
    for side in ("orig", "benef"):
        held = [
            reference
            for part in parts.values()
            for reference in part.added.filter(pl.col(f"{side}_holds"))["reference"]
        ]
        assert sorted(held) == sorted(whole.added["reference"])


def test_a_holder_lives_in_one_place_whichever_side_and_account_it_is(
    row: Make, taken: Make
) -> None:
    accounts = {f"A-FICT-{n}": (Account(account_id=f"A-FICT-{n}", holder="C"),) for n in (1, 2)}
    homes = Homes(References(accounts=accounts), 16)

    out = homes.split(taken(row(orig_account_id="A-FICT-1", benef_account_id="X-FICT-1")))
    into = homes.split(taken(row(orig_account_id="X-FICT-2", benef_account_id="A-FICT-2")))

    paid = {home for home, part in out.items() if part.added["orig_holds"].any()}
    received = {home for home, part in into.items() if part.added["benef_holds"].any()}
    assert paid == received


def test_what_is_taken_back_goes_where_it_was(row: Make, batch: Make, intake: Make) -> None:
    taker, homes = intake(), Homes(References(), 8)
    first = homes.split(taker.accept(batch([row(amount="10")])).transactions)

    amended = taker.accept(batch([row(amount="20", source_revision=1)])).transactions
    second = homes.split(amended)

    assert {home for home, part in second.items() if part.retracted.height} == set(first)


def test_the_banks_list_stands_before_the_party_named_and_follows_its_dates() -> None:
    versions = (
        Account(account_id="A", holder="before"),
        Account(account_id="A", holder="after", valid_from=APRIL),
    )
    rows = pl.DataFrame(
        {
            "orig_account_id": ["A", "A", "B", "C"],
            "orig_party_id": ["named", "named", "named", None],
            "event_time": [datetime(2024, 3, 1, tzinfo=UTC), APRIL, APRIL, APRIL],
        }
    )

    assert Holding({"A": versions}).names(rows, "orig") == [
        "before",
        "after",
        "named",
        "C",
    ]
