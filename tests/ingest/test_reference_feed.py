from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ingest.mapping import FeedSettings
from ingest.reference import Account, Customer, Licence, Place, References
from ingest.reference_feed import read_references


def read(base: Path, **section: Any) -> References:
    return read_references(FeedSettings.model_validate(section), base)


def test_customers_are_read_from_delimited_text(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(
        "id;income;born;devices;since;shop\n"
        "C-FICT-0001;2500000,5;1990;d1|d2;2020-05-01;false\n"
        "C-FICT-0002;;;;;\n"
    )
    columns = {
        "party_id": "id",
        "monthly_income": "income",
        "birth_year": "born",
        "devices": "devices",
        "onboarding_date": "since",
        "is_merchant": "shop",
    }
    feed = {"file": "customers.csv", "delimiter": ";", "decimal_mark": ",", "columns": columns}

    references = read(tmp_path, customers=feed)

    assert references.customers == {
        "C-FICT-0001": Customer(
            party_id="C-FICT-0001",
            monthly_income=250_000_050,
            birth_year=1990,
            devices=("d1", "d2"),
            onboarding_date=date(2020, 5, 1),
        ),
        "C-FICT-0002": Customer(party_id="C-FICT-0002"),
    }
    assert references.faults == ()


def test_places_and_licences_are_read_from_json_lines(tmp_path: Path) -> None:
    (tmp_path / "places.ndjson").write_text(
        '{"place_id":"P-1","lat":17.962512,"lon":102.6,"border_km":3,"is_special_zone":true}\n'
    )
    (tmp_path / "licences.ndjson").write_text(
        '{"holder":"C-FICT-0001","kind":"MVTS","valid_from":"2020-01-01"}\n'
    )

    references = read(
        tmp_path, places={"file": "places.ndjson"}, licences={"file": "licences.ndjson"}
    )

    assert references.places["P-1"] == Place(
        place_id="P-1", lat=17.962512, lon=102.6, border_km=3.0, is_special_zone=True
    )
    assert references.licences["C-FICT-0001"] == [
        Licence(holder="C-FICT-0001", kind="MVTS", valid_from=date(2020, 1, 1))
    ]


def test_holders_come_from_the_account_or_from_a_join(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account_id,holder\nA-1,C-1\nA-2,\n")
    (tmp_path / "join.csv").write_text(
        "account_id,party_id,role\nA-2,C-9,OWNER\nA-2,C-2,OWNER\nA-2,C-3,USER\nA-4,C-4,OWNER\n"
    )

    references = read(
        tmp_path,
        accounts={"file": "accounts.csv"},
        account_party={"file": "join.csv", "holder_roles": ["OWNER"]},
    )

    holders = {name: [row.holder for row in rows] for name, rows in references.accounts.items()}
    assert holders == {"A-1": ["C-1"], "A-2": ["C-2"], "A-4": ["C-4"]}


def test_holders_are_ordered_by_when_they_hold(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(
        "account_id,holder,valid_from\nA-1,C-2,2024-01-01T00:00\nA-1,C-1,\n"
    )

    references = read(tmp_path, accounts={"file": "accounts.csv"})

    later = datetime(2023, 12, 31, 17, tzinfo=UTC)
    assert references.accounts["A-1"] == [
        Account(account_id="A-1", holder="C-1"),
        Account(account_id="A-1", holder="C-2", valid_from=later),
    ]


def test_what_is_absent_is_named_and_no_error(tmp_path: Path) -> None:
    references = read(tmp_path, customers={"file": "customers.csv"})

    assert references.missing == ("accounts", "customers", "licences", "places")
    assert references.customers == {}


def test_a_row_that_cannot_be_read_is_left_out_and_told_without_its_value(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("party_id,birth_year\nC-1,nineteen\n,1990\nC-3,1991\n")

    references = read(tmp_path, customers={"file": "customers.csv"})

    assert set(references.customers) == {"C-3"}
    year, identity = references.faults
    assert year.startswith("customers.csv:2: Field birth_year:")
    assert identity.startswith("customers.csv:3: Field party_id:")
    assert "nineteen" not in year


def test_the_fingerprint_is_that_of_the_rows_not_of_their_order(tmp_path: Path) -> None:
    feed = {"file": "customers.csv"}
    path = tmp_path / "customers.csv"
    path.write_text("party_id\nC-1\nC-2\n")
    one = read(tmp_path, customers=feed).fingerprint
    path.write_text("party_id\nC-2\nC-1\n")
    other = read(tmp_path, customers=feed).fingerprint
    path.write_text("party_id\nC-2\nC-3\n")

    assert one == other != read(tmp_path, customers=feed).fingerprint
