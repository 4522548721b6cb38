from typing import Any

import pytest
from pydantic import ValidationError

from ingest.mapping import CANONICAL, FeedSettings
from ingest.transaction import TRANSACTION


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"colums": {}}, "Extra inputs"),
        ({"columns": {"ammount": "a"}}, "ammount: no such field"),
        ({"columns": {"amount": "a"}, "constants": {"amount": "5"}}, "amount: give a column"),
        ({"codes": {"status": {"from": ["s"], "1": "DONE"}}}, "status: DONE is none of"),
        ({"codes": {"status": {"from": ["s", "t"], "1": "BOOKED"}}}, "write 2 code"),
        ({"columns": {"amount": "a"}, "codes": {"status": {"1": "BOOKED"}}}, "name the source"),
        ({"time_zone": "Asia/Nowhere"}, "unknown time zone"),
        ({"encoding": "utf-16"}, "cannot be cut at line ends"),
        ({"encoding": "utf-9"}, "unknown encoding"),
        ({"delimiter": "||"}, "at most 1 character"),
        ({"date_formats": ["yymm"]}, "write iso, epoch_ms, yymmdd"),
        ({"currency": "KIP"}, "not an ISO 4217"),
        ({"base_currency": "XAU"}, "no minor units"),
        ({"rates": {"KIP": "5"}}, "KIP: not an ISO 4217"),
        ({"rates": {"USD": "-5"}}, "USD: write a positive decimal"),
        ({"without": ["names"]}, "'device', 'place' or 'text'"),
        ({"lateness_hours": 0}, "greater than 0"),
    ],
)
def test_a_setting_that_cannot_be_is_told(section: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        FeedSettings.model_validate(section)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as faults:
        FeedSettings.model_validate({"time_zone": "x", "currency": "y", "encoding": "z"})

    assert faults.value.error_count() == 3


def test_rates_and_codes_are_written_as_plain_tables() -> None:
    settings = FeedSettings.model_validate(
        {
            "rates": {"USD": "21800", "file": "rates.csv"},
            "codes": {"is_cash": {"from": ["kind"], "1": True}},
        }
    )

    assert settings.rates.fixed == {"USD": "21800"}
    assert settings.rates.file == "rates.csv"
    assert settings.codes["is_cash"].values == {"1": "true"}


def test_settings_survive_being_written_and_read_again() -> None:
    settings = FeedSettings.model_validate(
        {
            "columns": {"txn_id": "id"},
            "codes": {"is_cash": {"from": ["kind"], "1": True}},
            "rates": {"USD": "21800"},
            "without": ["device"],
        }
    )

    assert FeedSettings.model_validate(settings.model_dump(mode="json")) == settings


def test_columns_given_are_all_that_is_read() -> None:
    identity = FeedSettings()
    named = FeedSettings.model_validate({"columns": {"amount": "betrag"}, "without": ["device"]})

    assert identity.source_of("device_hash") == "device_hash"
    assert (named.source_of("amount"), named.source_of("currency")) == ("betrag", None)
    assert named.declared == {"amount"}
    assert identity.declared == frozenset(CANONICAL)


def test_fields_are_named_as_the_columns_of_a_transaction() -> None:
    made = {"txn_id", "terminal_id", "branch_id", "direction"}
    turned = {name for name in CANONICAL if name.startswith("counterparty_")} | {
        "account_id",
        "party_id",
        "country",
        "region",
        "agent_bic",
    }

    assert set(CANONICAL) - made - turned <= set(TRANSACTION)
